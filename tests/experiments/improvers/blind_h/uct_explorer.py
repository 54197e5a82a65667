"""Monte-Carlo tree search over programs with the UCT rule."""
import math
from typing import List, Optional

from helpers import extract_code

EXPLORATION_CONSTANT = 0.35


class TreeNode:
    def __init__(self, program: str, score: float, parent: Optional["TreeNode"] = None):
        self.program = program
        self.score = score
        self.parent = parent
        self.children: List["TreeNode"] = []
        self.visits = 1
        self.total = score

    @property
    def mean(self) -> float:
        return self.total / self.visits

    def uct(self) -> float:
        return self.mean + EXPLORATION_CONSTANT * math.sqrt(math.log(self.parent.visits + 1) / self.visits)

    def lineage(self) -> List["TreeNode"]:
        path, node = [], self
        while node is not None:
            path.append(node)
            node = node.parent
        return path[::-1]


class MonteCarloTreeSearch:
    def __init__(self, initial_solution, utility, language_model):
        self.utility = utility
        self.language_model = language_model
        self.root = TreeNode(initial_solution, utility(initial_solution))
        self.best = self.root

    def select(self) -> TreeNode:
        node = self.root
        while node.children:
            node = max(node.children, key=TreeNode.uct)
        return node

    def render(self, node: TreeNode) -> str:
        trail = " -> ".join(f"{step.score:.3f}" for step in node.lineage())
        return f"""You are extending a search tree of programs. The scores along the current branch are {trail}.

The program at the end of the branch:
```python
{node.program}
```

The scoring function:
```python
{self.utility.str}
```

Produce a successor of this program with a higher score. Print the full program in a Python code block."""

    def expand(self, node: TreeNode) -> List[TreeNode]:
        width = min(self.language_model.max_responses_per_call, self.utility.budget - self.utility.uses)
        answers = self.language_model.prompt(
            "You are an expert in heuristic search and Python.", self.render(node), width, temperature=0.9
        )
        programs = [code for code in extract_code(answers) if code]
        scores = self.utility.batch(programs) if programs else []
        offspring = [TreeNode(code, score, node) for code, score in zip(programs, scores)]
        node.children.extend(offspring)
        return offspring

    def backpropagate(self, node: TreeNode, reward: float, weight: int = 1) -> None:
        while node is not None:
            node.visits += weight
            node.total += reward * weight
            node = node.parent

    def iterate(self) -> None:
        leaf = self.select()
        offspring = self.expand(leaf)
        if not offspring:
            self.backpropagate(leaf, 0.0)
            return
        for child in offspring:
            if child.score > self.best.score:
                self.best = child
        self.backpropagate(leaf, max(child.score for child in offspring))

    def run(self) -> str:
        while (
            self.language_model.times_used < self.language_model.budget
            and self.utility.uses < self.utility.budget
        ):
            self.iterate()
        return self.best.program


def improve_algorithm(initial_solution, utility, language_model):
    return MonteCarloTreeSearch(initial_solution, utility, language_model).run()
