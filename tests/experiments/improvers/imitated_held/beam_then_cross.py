from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """First a beam of three; at the end the two best of it are merged."""
    scored = {initial_solution: utility(initial_solution)}
    ask = lambda text, n: [c for c in extract_code(language_model.prompt("Expert", text, n, 0.8)) if c]
    beam = [initial_solution]
    for _ in range(3):
        for program in beam:
            for new in ask(f"Improve:\n```python\n{program}\n```\n{utility.str}", 2):
                if new not in scored:
                    scored[new] = utility(new)
        beam = sorted(scored, key=scored.get, reverse=True)[:3]
    if len(beam) > 1:
        one, two = beam[:2]
        for new in ask(f"Merge the ideas of\n```python\n{one}\n```\nand of\n```python\n{two}\n```\n{utility.str}", 3):
            if new not in scored:
                scored[new] = utility(new)
    return max(scored, key=scored.get)
