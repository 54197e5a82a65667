from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """First improvement: the first answer that is better is taken, and the others are thrown away unread."""
    seen = {initial_solution.strip(): utility(initial_solution)}
    current = initial_solution
    for _ in range(language_model.budget):
        text = f"Improve the following code.\n```python\n{current}\n```\nIt is evaluated as follows:\n{utility.str}"
        for answer in language_model.prompt("You write fast and correct code.", text, n_responses=5, temperature=0.9):
            code = extract_code(answer)
            if not code or code.strip() in seen:
                continue
            if len(seen) >= utility.budget:
                return current
            seen[code.strip()] = utility(code)
            if seen[code.strip()] > seen[current.strip()]:
                current = code
                break
    return current
