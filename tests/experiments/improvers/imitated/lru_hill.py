from functools import lru_cache
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    @lru_cache(maxsize=None)
    def measure(program):
        return utility(program)

    champion = initial_solution
    for _ in range(5):
        message = "Improve it:\n```python\n%s\n```\nScored by\n```python\n%s\n```" % (champion, utility.str)
        rivals = [r for r in extract_code(language_model.prompt("Programmer", message, 4, 0.6)) if r]
        champion = max([champion] + rivals, key=measure)
    return champion
