import heapq
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    W, uid = 3, 0
    beam = [(utility(initial_solution), 0, initial_solution)]
    while language_model.times_used < language_model.budget and utility.uses < utility.budget:
        pool = list(beam)
        for _, _, p in beam:
            k = min(language_model.max_responses_per_call, utility.budget - utility.uses)
            if k < 1 or language_model.times_used >= language_model.budget:
                break
            msg = f"Improve this program.\n```python\n{p}\n```\nIt is judged by\n```python\n{utility.str}\n```\nReturn the whole program."
            for c in extract_code(language_model.prompt("You write efficient Python.", msg, k, temperature=0.8)):
                if c:
                    uid += 1
                    pool.append((utility(c), -uid, c))
        beam, seen = [], set()
        for item in heapq.nlargest(len(pool), pool):
            if item[2] not in seen and len(beam) < W:
                beam.append(item)
                seen.add(item[2])
    return beam[0][2]
