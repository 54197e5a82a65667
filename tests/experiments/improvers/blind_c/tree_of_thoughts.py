from helpers import extract_code

def improve_algorithm(initial_solution, utility, language_model):
    """Tree of thoughts: every level keeps the best three thoughts of that level."""
    styles = ["Go step by step.", "Think of an unusual idea first.", "Simplify first, and then optimise.",
              "Concentrate on the hardest inputs."]
    frontier = [initial_solution]
    best = (utility(initial_solution), initial_solution)
    remaining_scores = utility.budget - 1
    remaining_calls = language_model.budget
    turn = 0
    while remaining_calls > 0 and remaining_scores > 0:
        level = []
        for thought in frontier:
            if remaining_calls == 0:
                break
            style = styles[turn % len(styles)]
            turn += 1
            remaining_calls -= 1
            text = "%s\n\nExtend the idea of this solution:\n```python\n%s\n```\nIt will be judged by\n%s" % (style, thought, utility.str)
            for code in extract_code(language_model.prompt(
                    "You are a creative problem solver.", text,
                    n_responses=min(5, language_model.max_responses_per_call), temperature=0.9)):
                if code and remaining_scores > 0:
                    remaining_scores -= 1
                    level.append((utility(code), code))
        if not level:
            continue
        level.sort(key=lambda x: x[0], reverse=True)
        best = max(best, level[0], key=lambda x: x[0])
        frontier = [code for _, code in level[:3]]
    return best[1]
