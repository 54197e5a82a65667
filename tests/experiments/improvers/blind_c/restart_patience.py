import random
from helpers import extract_code

SUGGESTIONS = ["Consider dynamic programming.", "Consider a randomised algorithm.", "Tune the constants.",
               "Remove unnecessary work.", "Consider a greedy heuristic, followed by local search.",
               "Handle the worst cases separately."]

def improve_algorithm(initial_solution, utility, language_model):
    memory = {}

    def f(program):
        if program in memory:
            return memory[program]
        if len(memory) >= utility.budget:
            return -1.0
        memory[program] = utility(program)
        return memory[program]

    patience = 2
    current = initial_solution
    f(current)
    stale = 0
    for call in range(language_model.budget):
        if len(memory) >= utility.budget:
            break
        if stale >= patience:            # stuck: begin again
            current, stale = initial_solution, 0
        message = f"""{random.choice(SUGGESTIONS)}

Improve this program with respect to the utility.

```python
{current}
```

Utility:
{utility.str}

Return the complete improved program in one code block."""
        replies = language_model.prompt("You are an algorithms expert.", message,
                                        n_responses=min(4, language_model.max_responses_per_call), temperature=0.8)
        options = [code for code in extract_code(replies) if code]
        challenger = max(options, key=f, default=None)
        if challenger is not None and f(challenger) > f(current):
            current, stale = challenger, 0
        else:
            stale += 1
    return max(memory, key=memory.get)
