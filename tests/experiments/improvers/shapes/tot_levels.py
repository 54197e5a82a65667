from helpers import extract_code


def expand(language_model, utility, thought, how_many):
    message = f"""Current partial idea, as a program:
```python
{thought}
```
Continue this line of thought: give a refined program.
Evaluation:
```python
{utility.str}
```"""
    return [c for c in extract_code(language_model.prompt("You think step by step.", message, how_many, 0.8)) if c]


def improve_algorithm(initial_solution, utility, language_model):
    """Tree of thoughts by breadth: all nodes of a level are expanded, the best two children go on."""
    level, best = [initial_solution], (utility(initial_solution), initial_solution)
    depth = language_model.budget // 2
    for _ in range(depth):
        children = []
        for node in level:
            children += [(utility(c), c) for c in expand(language_model, utility, node, 4)]
        if not children:
            break
        children.sort(reverse=True)
        best = max(best, children[0])
        level = [c for _, c in children[:2]]
    return best[1]
