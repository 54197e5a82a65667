import asyncio

from helpers import extract_code


async def evaluate_all(utility, codes):
    return await asyncio.gather(*(asyncio.to_thread(utility, code) for code in codes))


async def search(initial_solution, utility, language_model):
    best, best_value = initial_solution, utility(initial_solution)
    history = []
    for turn in range(language_model.budget):
        notes = "\n".join(f"- attempt {n}: score {value:.4f}" for n, value in history[-5:])
        message = f"""Program to improve (score {best_value:.4f}):
```python
{best}
```
Results of the last attempts:
{notes or "none so far"}

Scoring code:
{utility.str}"""
        answers = await asyncio.to_thread(
            language_model.prompt, "You are a research engineer.", message, 4, 0.8
        )
        codes = [code for code in extract_code(answers) if code]
        values = await evaluate_all(utility, codes)
        for code, value in zip(codes, values):
            history.append((len(history) + 1, value))
            if value > best_value:
                best, best_value = code, value
    return best


def improve_algorithm(initial_solution, utility, language_model):
    return asyncio.run(search(initial_solution, utility, language_model))
