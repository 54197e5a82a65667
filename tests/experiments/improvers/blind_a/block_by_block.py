import re
from concurrent.futures import ThreadPoolExecutor
from helpers import extract_code

HEAD = re.compile(r"^(?=(?:def|class) \w)", re.MULTILINE)


def title(block):
    match = re.match(r"(?:def|class) (\w+)", block)
    return match.group(1) if match else None


def improve_algorithm(initial_solution, utility, language_model):
    """One block of the best program after the other is rewritten; the model gets hotter while nothing helps."""
    scores = utility.budget - 1
    best, best_score = initial_solution, utility(initial_solution)
    heat, turn, turns = 0.4, 0, language_model.budget
    with ThreadPoolExecutor(max_workers=5) as pool:
        while turn < turns and scores > 0:
            blocks = HEAD.split(best)
            named = [i for i, block in enumerate(blocks) if title(block)]
            if not named:
                break
            index = named[turn % len(named)]
            name = title(blocks[index])
            turn += 1
            n = min(language_model.max_responses_per_call, scores)
            message = f"""The best program so far:
```python
{best}
```
Its evaluation:
```python
{utility.str}
```
Work only on `{name}`:
```python
{blocks[index]}
```
Answer with a better `{name}`, and with nothing else."""
            replies = language_model.batch_prompt("You are a Python expert.", [message] * n, temperature=heat)
            variants = []
            for reply in extract_code(replies):
                for part in HEAD.split(reply or ""):
                    if title(part) == name:
                        changed = blocks[:index] + [part.rstrip() + "\n\n\n"] + blocks[index + 1:]
                        variants.append("".join(changed))
                        break
            values = list(pool.map(utility, variants))
            scores -= len(variants)
            top = max(values, default=best_score)
            if top > best_score:
                best, best_score = variants[values.index(top)], top
                heat = 0.4
            else:
                heat = min(1.0, heat + 0.2)
    return best
