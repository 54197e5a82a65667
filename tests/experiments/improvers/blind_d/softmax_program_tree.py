import math
import random
from helpers import extract_code


class Node:
    def __init__(self, program, score, parent=None):
        self.program, self.score, self.parent = program, score, parent
        self.visits = 0


def improve_algorithm(initial_solution, utility, language_model):
    """Tree search: any program found so far may be expanded, drawn from a softmax of the scores, divided by the visits."""
    expertise = "You are a creative scientist who discovers algorithms."
    styles = (
        "Improve the program below. Concentrate on correctness first.",
        "Below is a program. Rewrite it so that it would win a programming competition.",
        "You get a program that is good but not optimal. Suggest a deeper change of its algorithm and implement it.",
    )
    budget = language_model.budget
    n = max(1, min(3, language_model.max_responses_per_call))

    root = Node(initial_solution, utility(initial_solution))
    nodes = {initial_solution: root}

    def weight(node):
        """Good programs are likely, those that were expanded already are less likely."""
        scores = [x.score for x in nodes.values()]
        low, high = min(scores), max(scores)
        value = (node.score - low) / (high - low) if high > low else 0.5
        return math.exp(value / 0.2) / (1 + node.visits)

    for t in range(budget):
        if utility.uses >= utility.budget:
            break
        candidates = list(nodes.values())
        node = random.choices(candidates, weights=[weight(x) for x in candidates])[0]
        message = f"{styles[t % len(styles)]}\n\n```python\n{node.program}\n```\n\nScoring:\n```python\n{utility.str}\n```\n"
        replies = language_model.prompt(expertise, message, n_responses=n, temperature=0.75)

        # a visit counts for the whole path to the root
        walk = node
        while walk is not None:
            walk.visits += 1
            walk = walk.parent

        for program in extract_code(replies):
            if not program or program in nodes or utility.uses >= utility.budget:
                continue
            nodes[program] = Node(program, utility(program), node)

    return max(nodes.values(), key=lambda x: x.score).program
