import re

from helpers import extract_code

DEF = re.compile(r"^def (\w+)\(.*?(?=^\S|\Z)", re.M | re.S)


def improve_algorithm(initial_solution, utility, language_model):
    """One body after the other is cut out, leaving a hole; the model fills the hole."""
    best, best_score, cache = initial_solution, None, {}

    def value(code):
        if code not in cache:
            cache[code] = utility(code)
        return cache[code]

    for round_number in range(3):
        for match in list(DEF.finditer(best)):
            name, text = match.group(1), match.group(0)
            if text not in best:
                continue
            skeleton = best.replace(text, f"# TODO: define {name} here\n\n")
            prompt = f"""The function {name} is missing in this program:

```python
{skeleton}
```

It was:

```python
{text.rstrip()}
```

Write a better {name}. Give this function and nothing else. The program's score is computed by

{utility.str}"""
            fills = extract_code(language_model.prompt("You complete programs.", prompt, n_responses=2, temperature=0.6))
            whole = [skeleton.replace(f"# TODO: define {name} here\n\n", fill + "\n\n\n") for fill in fills if fill]
            best = max([best, *whole], key=value)
    return best
