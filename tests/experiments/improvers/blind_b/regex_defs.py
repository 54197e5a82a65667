import re

FENCE = re.compile(r"```(?:python)?\s*\n(.*?)```", re.S)


def improve_algorithm(initial_solution, utility, language_model):
    cut = lambda src: re.split(r"(?m)^(?=def |class )", src)
    is_def = lambda s: s.startswith(("def ", "class "))
    chunks = cut(initial_solution)
    best = utility(initial_solution)
    left = utility.budget - 1
    k = 0
    for _ in range(language_model.budget):
        idx = [i for i, c in enumerate(chunks) if is_def(c)]
        n = min(language_model.max_responses_per_call, left)
        if not idx or n <= 0:
            break
        targets = [idx[(k + j) % len(idx)] for j in range(n)]
        k += n
        msgs = [f"Improve this piece of a larger program. Keep its name and arguments.\n```python\n{chunks[i]}```\n"
                "Return only the improved piece in a code block." for i in targets]
        for i, answer in zip(targets, language_model.batch_prompt("You are a Python expert.", msgs, temperature=0.8)):
            m = FENCE.search(answer)
            if not m or not is_def(m.group(1)):
                continue
            trial = chunks[:i] + [m.group(1).rstrip() + "\n\n\n"] + chunks[i + 1:]
            value = utility("".join(trial))
            left -= 1
            if value > best:
                best, chunks = value, trial
    return "".join(chunks)
