from collections import deque
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """A walk that always goes to the best new neighbour; what was scored is not visited again."""
    tabu = deque([initial_solution], maxlen=60)
    here, record = initial_solution, (utility(initial_solution), initial_solution)
    for step in range(8):
        if utility.uses >= utility.budget or language_model.times_used >= language_model.budget:
            break
        text = f"Vary this program:\n```python\n{here}\n```\nThe aim:\n```python\n{utility.str}\n```"
        codes = {c for c in extract_code(language_model.prompt("Searcher", text, 4, 0.9)) if c}
        open_ones = [c for c in sorted(codes) if c not in tabu]
        if not open_ones:
            continue
        values = {c: utility(c) for c in open_ones}
        here = max(values, key=values.get)
        tabu.extend(open_ones)
        record = max(record, (values[here], here))
    return record[1]
