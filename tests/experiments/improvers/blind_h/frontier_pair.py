"""Best-first tree search with a small frontier: every call expands the two most promising open nodes."""
import heapq
import itertools
from dataclasses import dataclass, field

from helpers import extract_code


@dataclass(order=True)
class OpenNode:
    priority: float
    order: int
    program: str = field(compare=False)
    score: float = field(compare=False)


class Frontier:
    def __init__(self, capacity):
        self.capacity = capacity
        self.heap = []
        self.counter = itertools.count()

    def push(self, program, score):
        heapq.heappush(self.heap, OpenNode(-score, next(self.counter), program, score))
        if len(self.heap) > self.capacity:
            self.heap = heapq.nsmallest(self.capacity, self.heap)
            heapq.heapify(self.heap)

    def pop_many(self, amount):
        return [heapq.heappop(self.heap) for _ in range(min(amount, len(self.heap)))]

    def __len__(self):
        return len(self.heap)


def write_request(node, utility):
    report = utility.feedback(node.program) or f"score {node.score:.4f}"
    return f"""# Current program

```python
{node.program}
```

# What happened when it was run

{report}

# How it is measured

```python
{utility.str}
```

# Your job

Find the main weakness in the report and remove it. Answer with the whole program."""


def share_out(slots, nodes):
    """Deals the available responses to the nodes, the first nodes first."""
    return [nodes[i % len(nodes)] for i in range(slots)]


def improve_algorithm(initial_solution, utility, language_model):
    frontier = Frontier(capacity=6)
    best_program, best_score = initial_solution, utility(initial_solution)
    frontier.push(best_program, best_score)
    while language_model.times_used < language_model.budget and utility.uses < utility.budget:
        nodes = frontier.pop_many(2)
        if not nodes:
            frontier.push(best_program, best_score)
            nodes = frontier.pop_many(1)
        slots = min(language_model.max_responses_per_call, utility.budget - utility.uses)
        assignment = share_out(slots, nodes)
        replies = language_model.batch_prompt(
            "You debug and optimise Python programs.",
            [write_request(node, utility) for node in assignment],
            temperature=0.8,
        )
        programs = [program for program in extract_code(replies) if program]
        if not programs:
            for node in nodes:
                frontier.push(node.program, node.score)
            continue
        for program, score in zip(programs, utility.batch(programs)):
            frontier.push(program, score)
            if score > best_score:
                best_program, best_score = program, score
    return best_program
