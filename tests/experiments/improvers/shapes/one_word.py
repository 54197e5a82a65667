from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    adjectives = ["faster", "simpler", "bolder", "more robust"]
    found = {}
    for word in adjectives:
        message = f"Rewrite this program in a {word} way:\n```python\n{initial_solution}\n```\n```python\n{utility.str}\n```"
        for code in extract_code(language_model.prompt("You are an expert.", message, n_responses=4, temperature=0.7)):
            if code:
                found[code] = utility(code)
    found[initial_solution] = utility(initial_solution)
    return max(found, key=found.get)
