import math
from dataclasses import dataclass
from helpers import extract_code


@dataclass
class Node:
    score: float
    visits: int = 0


def improve_algorithm(initial_solution, utility, language_model):
    """A bandit over all programs found: high scores attract visits, many visits repel them."""
    limit, spent = utility.budget, 1
    nodes = {initial_solution: Node(utility(initial_solution))}

    def attractive(item):
        _, node = item
        total = sum(n.visits for n in nodes.values()) + 1
        return node.score + 0.15 * math.sqrt(math.log(total + 1) / (node.visits + 1))

    for _ in range(language_model.budget):
        count = min(language_model.max_responses_per_call, limit - spent)
        if count < 1:
            break
        code, node = max(nodes.items(), key=attractive)
        node.visits += 1
        message = f"""A program got {node.score:.4f} points.

```python
{code}
```

Points are given by

```python
{utility.str}
```

Write a program that gets more points. Put the whole program into one code block."""
        try:
            replies = language_model.prompt(
                "You are an algorithm designer.", message, n_responses=count, temperature=0.8)
        except Exception:
            break
        for child in extract_code(replies):
            if not child or child in nodes:
                continue
            nodes[child] = Node(utility(child))
            spent += 1
    return max(nodes, key=lambda code: nodes[code].score)
