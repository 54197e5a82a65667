from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """The less budget there is, the lower the temperature."""
    best = (utility(initial_solution), initial_solution)
    calls = language_model.budget
    for used in range(calls):
        remaining = 1 - used / calls
        temperature = 0.2 + 0.8 * remaining
        message = f"Improve:\n```python\n{best[1]}\n```\nUtility function:\n```python\n{utility.str}\n```"
        batch = extract_code(language_model.prompt("Expert programmer", message, 2, temperature))
        best = max([best] + [(utility(code), code) for code in batch if code], key=lambda pair: pair[0])
    return best[1]
