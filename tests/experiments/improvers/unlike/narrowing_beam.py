from concurrent.futures import ThreadPoolExecutor

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Width 5, then 4, 3, 2; each member of the beam is asked about in a thread of its own."""
    scored = {initial_solution: utility(initial_solution)}

    def grow(code):
        text = f"Program:\n```python\n{code}\n```\nImprove it with regard to\n```python\n{utility.str}\n```"
        return [c for c in extract_code(language_model.prompt("You are a scientist.", text, 3, 0.8)) if c]

    for width in (5, 4, 3, 2):
        beam = sorted(scored, key=scored.get, reverse=True)[:width]
        with ThreadPoolExecutor(width) as pool:
            children = {child for found in pool.map(grow, beam) for child in found} - scored.keys()
            scored.update(zip(children, pool.map(utility, children)))
    return max(scored, key=scored.get)
