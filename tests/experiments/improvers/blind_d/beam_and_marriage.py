from helpers import extract_code


class Pool:
    """Scored programs, best first."""

    def __init__(self, utility):
        self.utility = utility
        self.table = {}

    def full(self):
        return self.utility.uses >= self.utility.budget

    def offer(self, program):
        if not program or program in self.table or self.full():
            return
        self.table[program] = self.utility(program)

    def top(self, k):
        return sorted(self.table.items(), key=lambda item: -item[1])[:k]


def improve_algorithm(initial_solution, utility, language_model):
    """Alternates between refining the two best programs and marrying them."""
    expertise = "You are an expert programmer. You combine and improve algorithms with skill."
    pool = Pool(utility)
    pool.offer(initial_solution)
    calls = language_model.budget
    n = max(1, min(2, language_model.max_responses_per_call))

    def ask(message, count=n):
        nonlocal calls
        if calls <= 0 or pool.full():
            return
        calls -= 1
        answers = language_model.prompt(expertise, message, n_responses=count, temperature=0.7)
        for program in extract_code(answers):
            pool.offer(program)

    def refine(program, score):
        return f"""This program has a score of {score:.3f}.
```python
{program}
```
Scores come from:
```python
{utility.str}
```
Give a version with a higher score."""

    def marry(first, second):
        return f"""Program one has a score of {first[1]:.3f}.
```python
{first[0]}
```
Program two has a score of {second[1]:.3f}.
```python
{second[0]}
```
Scores come from:
```python
{utility.str}
```
Unite the two programs in one which is better than both."""

    # fill the pool
    ask(refine(*pool.top(1)[0]), min(4, language_model.max_responses_per_call))

    while calls > 0 and not pool.full():
        for program, score in pool.top(2):
            ask(refine(program, score))
        couple = pool.top(2)
        if len(couple) == 2:
            ask(marry(*couple))

    return pool.top(1)[0][0] if pool.table else initial_solution
