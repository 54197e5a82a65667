"""Five threshold-accepting walks side by side; replica r samples the model at its own temperature and tolerates its own loss."""
import asyncio
from helpers import extract_code

LM_TEMP = [0.3, 0.5, 0.7, 0.9, 1.1]
SLACK = [0.02, 0.05, 0.1, 0.2, 0.4]


async def score_all(utility, progs):
    return await asyncio.gather(*[asyncio.to_thread(utility, p) for p in progs])


def template(prog, src):
    return f"""You are given a program and its objective.

OBJECTIVE
```python
{src}
```

PROGRAM
```python
{prog}
```

Write a modified program with a higher objective. One code block, complete."""


def improve_algorithm(initial_solution, utility, language_model):
    f0 = utility(initial_solution)
    R = min(len(LM_TEMP), language_model.max_responses_per_call)
    state = [(f0, initial_solution)] * R
    best = state[0]
    M = language_model.budget
    for it in range(M):
        left = min(R, utility.budget - utility.uses)
        if left < 1:
            break
        msgs = [template(state[r][1], utility.str) for r in range(left)]
        out = language_model.batch_prompt("Senior engineer.", msgs, temperature=LM_TEMP[:left])
        idx = [(r, c) for r, c in enumerate(map(extract_code, out)) if c]
        vals = asyncio.run(score_all(utility, [c for _, c in idx])) if idx else []
        cool = 1 - it / M
        for (r, c), v in zip(idx, vals):
            if v > state[r][0] - SLACK[r] * cool:
                state[r] = (v, c)
            best = max(best, (v, c))
    return best[1]
