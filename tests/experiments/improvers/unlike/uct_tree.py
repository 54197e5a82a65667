import math

from helpers import extract_code


class Node:
    def __init__(self, code, value, parent=None):
        self.code, self.value, self.parent = code, value, parent
        self.children, self.visits, self.total = [], 1, value

    def ucb(self, c=0.1):
        return self.total / self.visits + c * math.sqrt(math.log(self.parent.visits + 1) / self.visits)


def improve_algorithm(initial_solution, utility, language_model):
    """Monte Carlo tree search over programs."""
    root = Node(initial_solution, utility(initial_solution))
    best = root
    for _ in range(language_model.budget):
        node = root
        while len(node.children) >= 3:
            node = max(node.children, key=Node.ucb)
        prompt = f"Improve the program:\n```python\n{node.code}\n```\nScored by:\n```python\n{utility.str}\n```"
        for code in extract_code(language_model.prompt("You are an expert.", prompt, n_responses=1, temperature=0.8)):
            if not code:
                continue
            child = Node(code, utility(code), node)
            node.children.append(child)
            if child.value > best.value:
                best = child
            above = node
            while above:
                above.visits += 1
                above.total += child.value
                above = above.parent
    return best.code
