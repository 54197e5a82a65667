import ast
from helpers import extract_code

def locate(tree, name):
    for index, node in enumerate(tree.body):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return index
    return None

def improve_algorithm(initial_solution, utility, language_model):
    """Improve one function after the other; the functions come in turn."""
    best = initial_solution
    best_score = utility(best)
    names = [node.name for node in ast.parse(best).body if isinstance(node, ast.FunctionDef)]
    if not names:
        return best
    available = utility.budget - 1
    for step in range(language_model.budget):
        name = names[step % len(names)]
        prompt = f"""This program has the score {best_score:.3f}:

```python
{best}
```

Scoring: {utility.str}

Today we work on the function `{name}` only. Leave all other functions as they are.
Give a new version of `{name}` (only this function, in a code block) which lets the program score more than {best_score:.3f}."""
        outputs = language_model.prompt("You are a thorough programmer.", prompt,
                                        n_responses=min(3, language_model.max_responses_per_call), temperature=0.8)
        candidates = []
        for code in extract_code(outputs):
            if code is None:
                continue
            base, piece = ast.parse(best), ast.parse(code)
            here, there = locate(base, name), locate(piece, name)
            if here is None or there is None:
                continue
            base.body[here] = piece.body[there]
            candidates.append(ast.unparse(base))
        candidates = candidates[:available]
        available -= len(candidates)
        for candidate in candidates:
            score = utility(candidate)
            if score > best_score:
                best, best_score = candidate, score
    return best
