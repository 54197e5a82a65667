import ast
from helpers import extract_code


def get(code, name):
    for node in ast.parse(code).body:
        if getattr(node, "name", None) == name:
            return ast.unparse(node)


def put(code, name, part):
    tree = ast.parse(code)
    new = ast.parse(part).body[0]
    tree.body = [new if getattr(node, "name", None) == name else node for node in tree.body]
    return ast.unparse(tree)


def improve_algorithm(initial_solution, utility, language_model):
    names = [n.name for n in ast.parse(initial_solution).body if isinstance(n, ast.FunctionDef)]
    if not names:
        return initial_solution
    start = utility(initial_solution)
    champion, champion_score = initial_solution, start
    here, here_score = initial_solution, start
    call = 0
    while language_model.times_used < language_model.budget and utility.uses < utility.budget:
        if call and call % 4 == 0:  # begin again
            here, here_score = initial_solution, start
        name = names[call % len(names)]
        call += 1
        message = f"""In this program, rewrite the function {name} and nothing else. Give me only the new {name}.
```python
{here}
```
Score:
```python
{utility.str}
```"""
        n = min(2, language_model.max_responses_per_call, utility.budget - utility.uses)
        for answer in extract_code(language_model.prompt("You refactor Python.", message, n)):
            try:
                part = get(answer or "", name)
            except SyntaxError:
                part = None
            if not part:
                continue
            code = put(here, name, part)
            score = utility(code)
            if score > here_score:
                here, here_score = code, score
            if score > champion_score:
                champion, champion_score = code, score
    return champion
