import ast
import random

from helpers import extract_code


def functions(source):
    return {node.name: node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}


def exchange(one, other):
    """`one`, with each of its functions taken from `other` with probability 1/2."""
    tree, donors = ast.parse(one), functions(other)
    tree.body = [
        donors[node.name] if isinstance(node, ast.FunctionDef) and node.name in donors and random.random() < 0.5 else node
        for node in tree.body
    ]
    return ast.unparse(tree)


def improve_algorithm(initial_solution, utility, language_model):
    scores = {initial_solution: utility(initial_solution)}

    def consider(source):
        try:
            ast.parse(source)
        except (SyntaxError, TypeError, ValueError):
            return
        if source not in scores and len(scores) < utility.budget:
            scores[source] = utility(source)

    for _ in range(language_model.budget):
        elite = sorted(scores, key=scores.get)[-4:]
        target = random.choice(elite)
        message = f"Please improve:\n```python\n{target}\n```\nEvaluated by:\n```python\n{utility.str}\n```"
        for code in extract_code(language_model.prompt("You are an expert.", message, n_responses=3, temperature=0.8)):
            consider(code)
        elite = sorted(scores, key=scores.get)[-4:]
        if len(elite) > 1:
            consider(exchange(*random.sample(elite, 2)))
    return max(scores, key=scores.get)
