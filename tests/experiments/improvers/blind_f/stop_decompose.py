import ast
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Splits the solution into its parts, improves each of the parts separately, and puts the program together."""
    expertise = "You are an expert programmer who improves one component of a program at a time."

    def split(solution):
        tree = ast.parse(solution)
        lines = solution.splitlines()
        return ["\n".join(lines[node.lineno - 1:node.end_lineno]) for node in tree.body]

    def name_of(part):
        node = ast.parse(part).body[0]
        return getattr(node, "name", None)

    def same_part(code, name):
        # the model may answer with more than it was asked for
        for part in split(code):
            if name_of(part) == name:
                return part
        return None

    try:
        parts = split(initial_solution)
    except SyntaxError:
        return initial_solution
    original = list(parts)
    targets = [i for i in range(len(parts)) if name_of(parts[i])]
    best_score = utility(initial_solution)

    for position, i in enumerate(targets):
        if language_model.times_used >= language_model.budget:
            break
        message = f"""Here is one component of a larger program:
```python
{original[i]}
```
The names of the other components are: {', '.join(name_of(original[j]) for j in targets if j != i) or 'none'}.
Rewrite only this component, with the same name and the same signature, so that the whole program gets a higher score under
```python
{utility.str}
```"""
        calls = max(1, (language_model.budget - language_model.times_used) // (len(targets) - position))
        scores = (utility.budget - utility.uses) // (len(targets) - position)
        n = max(1, min(3, language_model.max_responses_per_call, scores // calls))
        codes = []
        for _ in range(min(calls, scores)):
            codes += extract_code(language_model.prompt(expertise, message, n_responses=n, temperature=0.7))
        for code in codes:
            if not code:
                continue
            try:
                part = same_part(code, name_of(original[i]))
            except SyntaxError:
                continue
            if part is None:
                continue
            trial = parts[:i] + [part] + parts[i + 1:]
            score = utility("\n\n\n".join(trial))
            if score > best_score:
                best_score, parts = score, trial
    if parts == original:
        return initial_solution
    return "\n\n\n".join(parts)
