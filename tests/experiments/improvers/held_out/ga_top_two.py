from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """The two fittest are crossed by the model, with their fitness told."""
    message = f"Improve:\n```python\n{initial_solution}\n```\nFitness:\n```python\n{utility.str}\n```"
    pool = [(utility(p), p) for p in extract_code(language_model.prompt("Breeder.", message, 5, 1.0)) if p]
    for _ in range(6):
        pool.sort(key=lambda pair: pair[0], reverse=True)
        del pool[6:]
        (fa, a), (fb, b) = pool[0], pool[1]
        message = f"""Programs A (fitness {fa:.4f}) and B (fitness {fb:.4f}):
```python
{a}
```
```python
{b}
```
Merge them into one that is fitter than either."""
        pool += [(utility(p), p) for p in extract_code(language_model.prompt("Breeder.", message, 3, 1.0)) if p]
    return max(pool, key=lambda pair: pair[0])[1]
