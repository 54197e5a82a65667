from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Several hill climbs, each from the initial program; the best of all is returned."""
    start_value = utility(initial_solution)

    def climb(steps):
        here, value = initial_solution, start_value
        for _ in range(steps):
            message = f"Improve\n```python\n{here}\n```\nscored by\n```python\n{utility.str}\n```"
            for code in extract_code(language_model.prompt("Optimisation expert", message, 2, 1.0)):
                if code:
                    v = utility(code)
                    if v > value:
                        here, value = code, v
        return value, here

    return max((climb(3) for _ in range(3)), key=lambda r: r[0])[1]
