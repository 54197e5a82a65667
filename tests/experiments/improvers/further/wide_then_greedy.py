from concurrent.futures import ThreadPoolExecutor

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Phase one: many hot answers about the start. Phase two: cool refinement of the best of them."""

    def ask(code, n, heat):
        text = f"```python\n{code}\n```\nScore function:\n```python\n{utility.str}\n```\nWrite an improved version."
        return [c for c in extract_code(language_model.prompt("Expert programmer", text, n, heat)) if c]

    best, best_score = initial_solution, utility(initial_solution)
    with ThreadPoolExecutor(5) as pool:
        first = [code for _ in range(4) for code in ask(initial_solution, 5, 1.0)]
        for code, score in zip(first, pool.map(utility, first)):
            if score > best_score:
                best, best_score = code, score
        for _ in range(language_model.budget - 4):
            codes = ask(best, 3, 0.3)
            for code, score in zip(codes, pool.map(utility, codes)):
                if score > best_score:
                    best, best_score = code, score
    return best
