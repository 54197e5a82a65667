import ast
import math
import random

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Annealing in which a step rewrites one function, shown within its program."""
    current, value = initial_solution, utility(initial_solution)
    best, best_value = current, value
    for step in range(language_model.budget):
        heat = 0.12 * 0.85**step
        nodes = [node for node in ast.parse(current).body if isinstance(node, ast.FunctionDef)]
        node = random.choice(nodes[:-1] or nodes)
        segment = ast.get_source_segment(current, node)
        prompt = (
            f"Program:\n```python\n{current}\n```\nChange only this function:\n```python\n{segment}\n```\n"
            f"Return only the function.\n{utility.str}"
        )
        answers = extract_code(language_model.prompt("You change functions.", prompt, n_responses=1, temperature=0.9))
        if not answers or not answers[0] or f"def {node.name}" not in answers[0]:
            continue
        candidate = current.replace(segment, answers[0].strip())
        score = utility(candidate)
        if score > value or random.random() < math.exp((score - value) / heat):
            current, value = candidate, score
        if value > best_value:
            best, best_value = current, value
    return best
