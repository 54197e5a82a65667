from helpers import extract_code

ROLES = ["You are a mathematician who proves that things work.",
         "You are a competitive programmer. You win contests.",
         "You are a performance engineer.",
         "You are a researcher in metaheuristics and stochastic optimisation.",
         "You are a reviewer who finds mistakes that nobody else finds."]

def improve_algorithm(initial_solution, utility, language_model):
    pool = []
    for i in range(language_model.budget):
        role = ROLES[i % len(ROLES)]
        question = ("What would you change in this program to increase its utility? Write the new program.\n"
                    "```python\n" + initial_solution + "\n```\nUtility:\n" + utility.str)
        pool.extend(extract_code(language_model.prompt(
            role, question, n_responses=min(5, language_model.max_responses_per_call), temperature=0.8)))
    unique = list(dict.fromkeys(p for p in [initial_solution] + pool if p))
    return max(unique[:utility.budget], key=utility)
