from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Tabu search: to the best neighbour that was not visited, even if that is a step down."""
    visited = {initial_solution}
    current = best = initial_solution
    best_score = utility(initial_solution)
    for _ in range(6):
        message = f"Give a neighbour of this program:\n```python\n{current}\n```\nIt is judged by:\n{utility.str}"
        neighbours = []
        for code in extract_code(language_model.prompt("Local search", message, 3, 0.8)):
            if code and code not in visited:
                visited.add(code)
                neighbours.append((utility(code), code))
        if not neighbours:
            break
        score, current = max(neighbours, key=lambda pair: pair[0])
        if score > best_score:
            best, best_score = current, score
    return best
