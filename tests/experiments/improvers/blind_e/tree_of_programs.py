from dataclasses import dataclass
from typing import Optional

from helpers import extract_code


@dataclass
class Node:
    code: str
    score: float
    depth: int = 0
    parent: Optional["Node"] = None


def normal(code):
    return "\n".join(line.rstrip() for line in code.strip().splitlines())


def ask(node, goal):
    return f"""You explore a tree of programs. This is the node at depth {node.depth}:

```python
{node.code}
```

The goal is to maximise:
{goal}

Propose ONE promising child: a modified complete program. Use a ```python block."""


def improve_algorithm(initial_solution, utility, language_model):
    WIDTH = 3
    root = Node(initial_solution, utility(initial_solution))
    seen = {normal(initial_solution)}
    frontier = [root]
    best = root

    while language_model.times_used < language_model.budget:
        room = utility.budget - utility.uses
        if room <= 0:
            break
        # one message per child, the beam's members take turns
        slots = min(language_model.max_responses_per_call, 2 * len(frontier) if len(frontier) > 1 else 4)
        parents = [frontier[i % len(frontier)] for i in range(slots)]
        replies = language_model.batch_prompt(
            "You are an inventive algorithm designer.", [ask(p, utility.str) for p in parents], temperature=0.8)

        todo = []
        for parent, reply in zip(parents, replies):
            code = extract_code(reply)
            if code and normal(code) not in seen:
                seen.add(normal(code))
                todo.append((parent, code))
        todo = todo[:room]
        scores = utility.batch([c for _, c in todo]) if todo else []
        children = [Node(c, s, p.depth + 1, p) for (p, c), s in zip(todo, scores)]

        frontier = sorted(frontier + children, key=lambda n: n.score, reverse=True)[:WIDTH]
        best = max(best, frontier[0], key=lambda n: n.score)
    return best.code
