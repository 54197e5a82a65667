# Late acceptance hill climbing, one function at a time.
import ast
from helpers import extract_code

LENGTH = 4


def pieces(code):
    return {n.name: n for n in ast.parse(code).body if isinstance(n, ast.FunctionDef)}


def text(code, node):
    return "\n".join(code.split("\n")[node.lineno - 1:node.end_lineno])


def improve_algorithm(initial_solution, utility, language_model):
    current, current_score = initial_solution, utility(initial_solution)
    best, best_score = current, current_score
    history = [current_score] * LENGTH
    step = 0
    while language_model.times_used < language_model.budget and utility.uses < utility.budget:
        names = sorted(pieces(current))
        if not names:
            break
        name = names[step % len(names)]
        old = text(current, pieces(current)[name])
        message = f"Improve this function. Answer with the function alone.\n```python\n{old}\n```\nThe program is scored by\n```python\n{utility.str}\n```"
        answer = extract_code(language_model.prompt("You write fast Python.", message, temperature=0.8)[0])
        slot = step % LENGTH
        step += 1
        try:
            found = pieces(answer or "").get(name)
        except SyntaxError:
            found = None
        if found is None:
            continue
        candidate = current.replace(old, text(answer, found), 1)
        score = utility(candidate)
        # accepted if it is no worse than the current one, or no worse than what we had LENGTH steps ago
        if score >= current_score or score >= history[slot]:
            current, current_score = candidate, score
        history[slot] = current_score
        if score > best_score:
            best, best_score = candidate, score
    return best
