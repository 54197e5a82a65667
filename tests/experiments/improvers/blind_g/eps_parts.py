"""epsilon-greedy node choice; each query rewrites one function of the node."""
import ast, random
from helpers import extract_code

EPS = 0.25


def functions(src):
    return [n for n in ast.parse(src).body if isinstance(n, (ast.FunctionDef, ast.ClassDef))]


def splice(src, name, new):
    """src with its top-level definition `name` taken from `new` (helpers that are new come along)."""
    old = {n.name: n for n in functions(src)}
    fresh = {n.name: ast.get_source_segment(new, n) for n in functions(new)}
    if name not in old or name not in fresh:
        return None
    imports = [ast.get_source_segment(new, n) for n in ast.parse(new).body if isinstance(n, (ast.Import, ast.ImportFrom))]
    L = src.splitlines()
    a, b = old[name].lineno - 1, old[name].end_lineno
    extra = [fresh[k] for k in fresh if k not in old]
    head = [i for i in imports if i not in src]
    out = "\n".join(head + L[:a] + extra + [fresh[name]] + L[b:])
    try:
        ast.parse(out)
    except SyntaxError:
        return None
    return out


def improve_algorithm(initial_solution, utility, language_model):
    rng = random.Random(2)
    H = [(utility(initial_solution), initial_solution)]
    while language_model.times_used < language_model.budget:
        k = min(language_model.max_responses_per_call, utility.budget - utility.uses)
        if k < 1:
            break
        s, p = rng.choice(H) if rng.random() < EPS else max(H)
        fs = functions(p)
        if not fs:
            p = initial_solution
            fs = functions(p)
        f = rng.choice(fs)
        part = ast.get_source_segment(p, f)
        msg = f"This is one definition, `{f.name}`, of a larger program:\n```python\n{part}\n```\nRewrite `{f.name}` alone so that the program scores higher under\n```python\n{utility.str}\n```\nAnswer with the definition only."
        for r in language_model.prompt("You rewrite single functions.", msg, k, temperature=0.8):
            c = extract_code(r, like=p)
            q = c and splice(p, f.name, c)
            if q:
                H.append((utility(q), q))
    return max(H)[1]
