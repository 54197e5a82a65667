import ast
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Every function is asked about in one call; the new ones replace the old ones, one by one and all at once."""
    tree = ast.parse(initial_solution)
    parts = [ast.get_source_segment(initial_solution, node) for node in tree.body if isinstance(node, ast.FunctionDef)]
    messages = [f"Rewrite this function so that it does better:\n```python\n{part}\n```" for part in parts]
    answers = language_model.batch_prompt("You write functions.", messages[: language_model.max_responses_per_call])
    news = [extract_code(answer) for answer in answers]
    candidates = [initial_solution]
    together = initial_solution
    for part, new in zip(parts, news):
        if new:
            candidates.append(initial_solution.replace(part, new.strip()))
            together = together.replace(part, new.strip())
    candidates.append(together)
    scores = utility.batch(candidates)
    return candidates[scores.index(max(scores))]
