import ast
import textwrap

from helpers import extract_code


class Parts:
    """Functions of a program by their name, with the source lines around them."""

    def __init__(self, source):
        self.source = source
        self.spans = {
            node.name: (node.lineno - 1, node.end_lineno)
            for node in ast.parse(source).body
            if isinstance(node, (ast.FunctionDef, ast.ClassDef))
        }

    def replaced(self, name, text):
        first, last = self.spans[name]
        lines = self.source.splitlines()
        return "\n".join(lines[:first] + textwrap.dedent(text).strip().splitlines() + lines[last:]) + "\n"


def improve_algorithm(initial_solution, utility, language_model):
    known = {}

    def score(source):
        if source not in known:
            known[source] = utility(source)
        return known[source]

    best = initial_solution
    score(best)
    for round_number in range(language_model.budget):
        parts = Parts(best)
        name = list(parts.spans)[round_number % len(parts.spans)]
        prompt = f"""You will improve one function of this program, `{name}`, and nothing else.

```python
{best}
```

The program's score is {score(best):.4f}; it is computed by

```python
{utility.str}
```

Write the improved `{name}` alone."""
        for text in extract_code(language_model.prompt("You are an expert.", prompt, 3, temperature=0.7)):
            if not text or f"def {name}" not in text:
                continue
            try:
                piece = Parts(text)
                first, last = piece.spans[name]
                candidate = parts.replaced(name, "\n".join(text.splitlines()[first:last]))
            except (SyntaxError, KeyError):
                continue
            if score(candidate) > score(best):
                best = candidate
    return best
