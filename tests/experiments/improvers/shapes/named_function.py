import ast

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """The program is shown whole, the function to be rewritten is named, and it alone is replaced."""
    solution, value = initial_solution, utility(initial_solution)

    def names():
        return [n.name for n in ast.walk(ast.parse(solution)) if isinstance(n, ast.FunctionDef)]

    for turn in range(language_model.budget):
        functions = names()
        if not functions:
            break
        target = functions[turn % len(functions)]
        request = (
            f"In the program below, rewrite the function {target}. Return only the new definition of {target}.\n"
            f"```python\n{solution}\n```\nThe program is scored by\n```python\n{utility.str}\n```"
        )
        for code in extract_code(language_model.prompt("You are an expert Python programmer.", request, 3, 0.7)):
            try:
                found = {n.name: n for n in ast.parse(code or "").body if isinstance(n, ast.FunctionDef)}
            except SyntaxError:
                continue
            if target not in found:
                continue

            class Replace(ast.NodeTransformer):
                def visit_FunctionDef(self, node):
                    return found[target] if node.name == target else node

            candidate = ast.unparse(Replace().visit(ast.parse(solution)))
            score = utility(candidate)
            if score > value:
                solution, value = candidate, score
    return solution
