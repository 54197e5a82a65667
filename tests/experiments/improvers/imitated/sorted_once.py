from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    n = min(language_model.max_responses_per_call, utility.budget)
    message = (
        "You must improve the following code.\n```python\n" + initial_solution + "\n```\n"
        "Think of an idea, then write it down. The utility:\n```python\n" + utility.str + "\n```"
    )
    answers = language_model.batch_prompt("You are an expert in algorithms.", [message] * n, temperature=0.7)
    programs = list(filter(None, extract_code(answers)))
    ranked = sorted(programs, key=lambda p: utility(p), reverse=True)
    return ranked[0] if ranked else initial_solution
