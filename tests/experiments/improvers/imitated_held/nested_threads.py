from concurrent.futures import ThreadPoolExecutor
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    width, depth = 3, 3

    def expand(program):
        def variants():
            message = f"Here is a candidate:\n```python\n{program}\n```\nWrite a better one. {utility.str}"
            return language_model.prompt("Expert", message, n_responses=2, temperature=0.9)

        def judged(code):
            return utility(code), code

        with ThreadPoolExecutor(2) as inner:
            return list(inner.map(judged, [c for c in extract_code(variants()) if c]))

    level = [(utility(initial_solution), initial_solution)]
    best = level[0]
    for _ in range(depth):
        with ThreadPoolExecutor(width) as outer:
            grown = [pair for pairs in outer.map(lambda pair: expand(pair[1]), level) for pair in pairs]
        level = sorted(level + grown, key=lambda pair: -pair[0])[:width]
        best = max(best, level[0], key=lambda pair: pair[0])
    return best[1]
