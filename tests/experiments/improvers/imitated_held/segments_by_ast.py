import ast
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Each function is asked about alone; scores are remembered by text."""
    memory = {}

    def score(text):
        if text not in memory:
            memory[text] = utility(text)
        return memory[text]

    best = initial_solution
    names = [node.name for node in ast.parse(best).body if isinstance(node, ast.FunctionDef)]
    for sweep in range(2):
        for name in names:
            node = next((n for n in ast.parse(best).body if getattr(n, "name", "") == name), None)
            if node is None:
                continue
            segment = ast.get_source_segment(best, node)
            text = f"Write a better version of the function {name} and nothing else:\n```python\n{segment}\n```"
            for code in extract_code(language_model.prompt("Expert", text, 2, 0.7)):
                if code and f"def {name}" in code:
                    whole = best.replace(segment, code.strip())
                    try:
                        ast.parse(whole)
                    except SyntaxError:
                        continue
                    if score(whole) > score(best):
                        best, segment = whole, code.strip()
    return best
