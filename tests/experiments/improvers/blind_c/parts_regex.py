import re
from helpers import extract_code

def split_functions(code):
    """Cut the text before each top-level def."""
    return [p for p in re.split(r"(?m)^(?=def )", code) if p]

def name_of(part):
    m = re.match(r"def (\w+)", part)
    return m.group(1) if m else None

def improve_algorithm(initial_solution, utility, language_model):
    parts = split_functions(initial_solution)
    best_score = utility(initial_solution)
    budget = utility.budget - 1
    calls = language_model.budget
    for i, part in enumerate(parts):
        name = name_of(part)
        if name is None or calls <= 0:
            continue
        calls -= 1
        replies = language_model.prompt(
            "You are an expert in writing efficient Python functions.",
            f"Rewrite this function so that it works better. Keep its name and its arguments.\n```python\n{part.rstrip()}\n```\n"
            f"It is a part of a program that is scored so:\n{utility.str}\nReturn the function only.",
            n_responses=language_model.max_responses_per_call, temperature=0.6)
        for reply in replies:
            code = extract_code(reply)
            if not code:
                continue
            new = [p for p in split_functions(code) if name_of(p) == name]
            if not new or budget <= 0:
                continue
            trial = parts[:i] + [new[-1].rstrip() + "\n\n\n"] + parts[i + 1:]
            budget -= 1
            score = utility("".join(trial))
            if score > best_score:
                best_score, parts = score, trial
    return "".join(parts)
