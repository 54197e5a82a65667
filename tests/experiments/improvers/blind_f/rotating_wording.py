from helpers import extract_code

ASK = [
    "Correct the bugs of this program.",
    "Make this program faster.",
    "Use a better algorithm in this program.",
    "Tune the constants of this program.",
]


def improve_algorithm(initial_solution, utility, language_model):
    best, best_score = initial_solution, utility(initial_solution)
    turn = 0
    while language_model.times_used < language_model.budget and utility.uses < utility.budget:
        message = f"{ASK[turn % len(ASK)]}\n\n```python\n{best}\n```\n\nThe utility is:\n```python\n{utility.str}\n```"
        turn += 1
        n = min(2, language_model.max_responses_per_call, utility.budget - utility.uses)
        for code in extract_code(language_model.prompt("You are a helpful programmer.", message, n, temperature=0.7)):
            if code:
                score = utility(code)
                if score > best_score:
                    best, best_score = code, score
    return best
