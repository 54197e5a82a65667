from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """
    Refines the best solution; every third round the champion and the runner-up
    are merged into one program.
    """
    expertise = "You are an experienced software engineer and researcher with a talent for optimization."
    lm_budget = language_model.budget
    n_responses = max(1, min(language_model.max_responses_per_call, 3))

    memo = {}

    def safe_utility(code):
        if code in memo:
            return memo[code]
        if utility.uses >= utility.budget:
            return None
        memo[code] = utility(code)
        return memo[code]

    def top_two():
        ranked = sorted(memo.items(), key=lambda kv: kv[1], reverse=True)
        return [code for code, _ in ranked[:2]]

    safe_utility(initial_solution)

    for i in range(1, lm_budget + 1):
        best = top_two()
        if i % 3 == 0 and len(best) == 2:
            # Merge round
            message = f"""Below are the two best solutions so far.

Solution 1:
```python
{best[0]}
```

Solution 2:
```python
{best[1]}
```

They are judged with:
```python
{utility.str}
```

Merge them: write ONE solution which takes the best ideas of both."""
        else:
            # Refinement round
            message = f"""Improve the following solution:
```python
{best[0]}
```

It is judged with:
```python
{utility.str}
```

First name its biggest weakness, then write the full improved solution."""
        answers = language_model.prompt(expertise, message, n_responses=n_responses, temperature=0.7)
        for code in extract_code(answers):
            if code:
                safe_utility(code)
        if utility.uses >= utility.budget:
            break

    return top_two()[0]
