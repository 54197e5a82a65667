"""Monte-Carlo tree search over programs: UCT selection, expansion by reflection, back-propagation of the score."""
from __future__ import annotations

import math
from dataclasses import dataclass, field

from helpers import extract_code

MAX_CHILDREN = 2
C = 0.1


@dataclass
class Node:
    program: str
    score: float
    parent: "Node | None" = None
    children: list["Node"] = field(default_factory=list)
    visits: int = 0
    value: float = 0.0

    def uct(self) -> float:
        if self.visits == 0:
            return float("inf")
        exploit = self.value / self.visits
        explore = C * math.sqrt(math.log(self.parent.visits + 1) / self.visits)
        return exploit + explore


class Search:
    def __init__(self, root: str, utility, model):
        self.utility, self.model = utility, model
        self.root = Node(root, utility(root))
        self.backup(self.root, self.root.score)
        self.best = self.root

    def affordable(self) -> bool:
        return self.model.times_used < self.model.budget and self.utility.uses < self.utility.budget

    def select(self) -> Node:
        node = self.root
        while len(node.children) >= MAX_CHILDREN:
            node = max(node.children, key=Node.uct)
        return node

    def expand(self, node: Node) -> Node | None:
        siblings = len(node.children)
        message = (
            f"Current program:\n```python\n{node.program}\n```\n\n"
            f"What we measured for it (score {node.score:.4f}):\n{self.utility.feedback(node.program)}\n\n"
            f"The objective:\n```python\n{self.utility.str}\n```\n\n"
            f"{siblings} other revisions of this program exist already. "
            "Reflect in two sentences on what limits the score. Then write the revised program in full."
        )
        answer = self.model.prompt("You are a meticulous research engineer.", message, n_responses=1, temperature=0.9)[0]
        program = extract_code(answer)
        if not program:
            return None
        child = Node(program, self.utility(program), parent=node)
        node.children.append(child)
        if child.score > self.best.score:
            self.best = child
        return child

    @staticmethod
    def backup(node: Node | None, reward: float) -> None:
        while node is not None:
            node.visits += 1
            node.value += reward
            node = node.parent


def improve_algorithm(initial_solution, utility, language_model):
    search = Search(initial_solution, utility, language_model)
    while search.affordable():
        node = search.select()
        child = search.expand(node)
        if child is not None:
            search.backup(child, child.score)
        else:
            search.backup(node, 0.0)
    return search.best.program
