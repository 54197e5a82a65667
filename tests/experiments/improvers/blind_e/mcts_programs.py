"""Monte Carlo tree search over programs: UCT selection, expansion by the model, score as reward."""
from __future__ import annotations

import math
from dataclasses import dataclass, field

from helpers import extract_code


@dataclass(eq=False)
class Node:
    code: str
    score: float
    parent: Node | None = None
    children: list[Node] = field(default_factory=list)
    visits: int = 0
    total: float = 0.0

    @property
    def mean(self):
        return self.total / self.visits if self.visits else self.score

    def uct(self, c):
        return self.mean + c * math.sqrt(math.log(self.root().visits + 1) / (self.visits + 1e-9))

    def root(self):
        node = self
        while node.parent:
            node = node.parent
        return node


class MCTS:
    def __init__(self, initial, utility, model, c=0.3, max_children=4):
        self.utility, self.model, self.c, self.max_children = utility, model, c, max_children
        self.table = {}
        self.root = Node(initial, self.evaluate(initial), visits=1)
        self.root.total = self.root.score
        self.best = self.root

    def evaluate(self, code):
        key = code.strip()
        if key not in self.table:
            self.table[key] = self.utility(code)
        return self.table[key]

    def select(self):
        """Go down by UCT. A node which may still get children competes with its children."""
        node = self.root
        while node.children:
            child = max(node.children, key=lambda n: n.uct(self.c))
            if len(node.children) < self.max_children and node.uct(self.c) > child.uct(self.c):
                return node
            node = child
        return node

    def expand(self, node):
        siblings = "\n".join(f"- a child with score {ch.score:.4f}" for ch in node.children)
        report = self.utility.feedback(node.code)
        message = f"""# Program (score {node.score:.4f})
```python
{node.code}
```
# Evaluation
{report or 'not available'}
# Tried from here
{siblings or '- nothing'}
# Task
Write the next version of the program. It must be complete and in a python block."""
        replies = self.model.prompt("You search for the best program with a tree search.", message,
                                    n_responses=min(2, self.model.max_responses_per_call), temperature=0.9)
        out = []
        for code in extract_code(replies):
            if not code or code.strip() in self.table:
                continue
            out.append(Node(code, self.evaluate(code), parent=node))
        node.children += out
        return out

    def backpropagate(self, node, reward):
        while node:
            node.visits += 1
            node.total += reward
            node = node.parent

    def run(self):
        while self.model.times_used < self.model.budget and self.utility.uses < self.utility.budget:
            leaf = self.select()
            children = self.expand(leaf)
            if not children:
                self.backpropagate(leaf, 0.0)
            for child in children:
                self.backpropagate(child, child.score)
                if child.score > self.best.score:
                    self.best = child
        return self.best.code


def improve_algorithm(initial_solution, utility, language_model):
    return MCTS(initial_solution, utility, language_model).run()
