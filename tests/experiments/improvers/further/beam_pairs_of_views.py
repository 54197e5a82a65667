from concurrent.futures import ThreadPoolExecutor

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Beam of two; each is asked about from two points of view, all in one batch; only new programs are scored."""
    scores = {initial_solution: utility(initial_solution)}
    views = ("as a mathematician", "as an engineer")
    for _ in range(language_model.budget // 2):
        beam = sorted(scores, key=scores.get)[-2:]
        prompts = [
            f"Look at this program {view} and improve it.\n```python\n{code}\n```\n```python\n{utility.str}\n```"
            for code in beam
            for view in views
        ]
        found = extract_code(language_model.batch_prompt("You are versatile.", prompts, temperature=0.8))
        new = [code for code in dict.fromkeys(found) if code and code not in scores]
        with ThreadPoolExecutor(4) as pool:
            scores.update(zip(new, pool.map(utility, new)))
    return max(scores, key=scores.get)
