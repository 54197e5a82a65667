import random
from dataclasses import dataclass
from helpers import extract_code


@dataclass
class Node:
    program: str
    score: float
    wins: int = 0
    losses: int = 0

    def draw(self):
        # prior from its own score, then children that were better or not
        return random.betavariate(1 + 4 * self.score + self.wins, 1 + 4 * (1 - self.score) + self.losses)


def improve_algorithm(initial_solution, utility, language_model):
    nodes = [Node(initial_solution, utility(initial_solution))]
    seen = {initial_solution.strip()}
    spent = 1
    for _ in range(language_model.budget):
        if spent >= utility.budget:
            break
        node = max(nodes, key=Node.draw)
        message = (
            f"Improve this program.\n\n```python\n{node.program}\n```\n\n"
            f"The objective, to be maximised:\n\n{utility.str}\n\n"
            "Think about what limits it now. Then give the full new program."
        )
        answers = language_model.prompt("You are an expert programmer and researcher.", message,
                                        n_responses=min(5, language_model.max_responses_per_call), temperature=0.9)
        for program in extract_code(answers):
            if not program or program.strip() in seen or spent >= utility.budget:
                continue
            seen.add(program.strip())
            child = Node(program, utility(program))
            spent += 1
            if child.score > node.score:
                node.wins += 1
            else:
                node.losses += 1
            nodes.append(child)
    return max(nodes, key=lambda x: x.score).program
