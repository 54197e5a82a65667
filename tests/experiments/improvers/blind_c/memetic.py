from helpers import extract_code

def improve_algorithm(initial_solution, utility, language_model):
    """Each generation: two mutants of the first, two of the second, and one child of both."""
    who = "You are an expert in program synthesis."
    goal = f"\n\nThe fitness is\n{utility.str}\n\nReturn the complete program."
    block = "```python\n{}\n```".format
    elite = [(utility(initial_solution), initial_solution)]
    known = {initial_solution}
    left = utility.budget - 1
    R = language_model.max_responses_per_call

    def mutation(p):
        return "Change this program in a way that should raise its fitness:\n" + block(p) + goal

    def recombination(p, q):
        return "Take the best ideas of these two programs, and write one program with all of them:\n" + block(p) + "\n" + block(q) + goal

    for generation in range(language_model.budget):
        if left <= 0:
            break
        if len(elite) < 2:
            messages = [mutation(elite[0][1])] * 5
        else:
            p, q = elite[0][1], elite[1][1]
            messages = [recombination(p, q), mutation(p), mutation(q), mutation(p), mutation(q)]
        replies = language_model.batch_prompt(who, messages[:R], temperature=0.8)
        for program in extract_code(replies):
            if program and program not in known and left > 0:
                known.add(program)
                elite.append((utility(program), program))
                left -= 1
        elite = sorted(elite, key=lambda e: e[0], reverse=True)[:2]
    return elite[0][1]
