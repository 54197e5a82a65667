import ast
from concurrent.futures import ThreadPoolExecutor

from helpers import extract_code


class Module:
    """A program as a list of top-level pieces."""

    def __init__(self, source):
        self.pieces = [ast.unparse(node) for node in ast.parse(source).body]

    def with_piece(self, index, text):
        return "\n\n".join(self.pieces[:index] + [text] + self.pieces[index + 1 :])

    def targets(self):
        return [i for i, piece in enumerate(self.pieces) if piece.startswith("def ")]


def improve_algorithm(initial_solution, utility, language_model):
    """Divide and conquer: each piece is improved in the context of the whole; the best version of it stays."""
    module = Module(initial_solution)
    best_score = utility(initial_solution)
    for index in module.targets():
        context = "\n\n".join(module.pieces)
        message = f"""Full program for context:
```python
{context}
```
Improve only this component, with the same signature:
```python
{module.pieces[index]}
```
Score of the full program:
{utility.str}"""
        answers = language_model.prompt("You improve components.", message, n_responses=5, temperature=0.8)
        versions = [text for text in extract_code(answers) if text]
        with ThreadPoolExecutor(4) as pool:
            scores = list(pool.map(lambda text: utility(module.with_piece(index, text)), versions))
        for score, text in zip(scores, versions):
            if score > best_score:
                best_score, module.pieces[index] = score, text
    return "\n\n".join(module.pieces)
