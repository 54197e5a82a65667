from functools import reduce
from heapq import nlargest
from itertools import cycle, islice
from operator import itemgetter

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    ask = lambda messages: language_model.batch_prompt("You write excellent Python.", messages, temperature=0.75)
    text = lambda entry: (
        f"Score now: {entry[0]:.3f}\n```python\n{entry[1]}\n```\n"
        f"Score function:\n```python\n{utility.str}\n```\n"
        "Raise the score. Full program, please."
    )

    def generation(state, _):
        beam, left = state
        size = min(language_model.max_responses_per_call, left)
        if size <= 0:
            return state
        codes = list(filter(None, extract_code(ask([text(e) for e in islice(cycle(beam), size)]))))
        ranked = {c: s for s, c in beam + [(utility(c), c) for c in codes]}
        return nlargest(2, ((s, c) for c, s in ranked.items()), key=itemgetter(0)), left - len(codes)

    start = ([(utility(initial_solution), initial_solution)], utility.budget - 1)
    beam, _ = reduce(generation, range(language_model.budget), start)
    return beam[0][1]
