from concurrent.futures import ThreadPoolExecutor
from helpers import extract_code

HINTS = ["Simplify it.", "Make it faster.", "Make it more exact."]


def improve_algorithm(initial_solution, utility, language_model):
    beam = [(utility(initial_solution), initial_solution)]
    with ThreadPoolExecutor(4) as threads:
        for depth in range(4):
            messages = [
                f"{hint}\n```python\n{program}\n```\nGoal:\n```python\n{utility.str}\n```"
                for _, program in beam
                for hint in HINTS
            ]
            codes = [c for c in extract_code(language_model.batch_prompt("Coder", messages, temperature=0.7)) if c]
            beam = sorted(beam + list(zip(threads.map(utility, codes), codes)), reverse=True)[:3]
    return beam[0][1]
