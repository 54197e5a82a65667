from concurrent.futures import ThreadPoolExecutor
from helpers import extract_code


class Walker:
    """One independent walk through the space of programs."""

    def __init__(self, program, score):
        self.program = program
        self.score = score

    def consider(self, program, score, threshold):
        # threshold accepting: slightly worse programs are tolerated
        if score >= self.score - threshold:
            self.program, self.score = program, score


def improve_algorithm(initial_solution, utility, language_model):
    expertise = "You are a senior researcher in combinatorial optimization and a careful Python programmer."
    known = {}

    def evaluate_batch(programs):
        todo = [p for p in dict.fromkeys(programs) if p not in known]
        todo = todo[: max(0, utility.budget - utility.uses)]
        if todo:
            with ThreadPoolExecutor(max_workers=len(todo)) as ex:
                results = list(ex.map(utility, todo))
            known.update(zip(todo, results))

    def message_for(walker):
        return f"""Here is a solution to an optimization task.

```python
{walker.program}
```

The score is computed like this:

```python
{utility.str}
```

Propose a variation of the solution that could lead to a higher score. Return the complete code."""

    evaluate_batch([initial_solution])
    start = known.get(initial_solution, 0.0)
    n_walkers = 2 if language_model.max_responses_per_call >= 2 else 1
    walkers = [Walker(initial_solution, start) for _ in range(n_walkers)]

    rounds = language_model.budget
    for r in range(rounds):
        if utility.uses >= utility.budget:
            break
        # one message per walker, all in one batch
        answers = language_model.batch_prompt(expertise, [message_for(w) for w in walkers], temperature=0.8)
        programs = extract_code(answers)
        evaluate_batch([p for p in programs if p])

        values = list(known.values())
        spread = max(0.02, max(values) - min(values))
        threshold = 0.6 * spread * (1 - (r + 1) / rounds)
        for walker, program in zip(walkers, programs):
            if program in known:
                walker.consider(program, known[program], threshold)

    if not known:
        return initial_solution
    return max(known, key=known.get)
