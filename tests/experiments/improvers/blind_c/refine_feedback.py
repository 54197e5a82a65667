from helpers import extract_code

def improve_algorithm(initial_solution, utility, language_model):
    """Iterative refinement with feedback. The temperature falls from 1.0 to 0.2."""
    best = initial_solution
    best_score = utility(best)
    evaluations_left = utility.budget - 1
    rounds = language_model.budget
    for r in range(rounds):
        temperature = 1.0 - 0.8 * r / max(rounds - 1, 1)
        report = utility.feedback(best)
        message = "\n".join([
            "# Task",
            utility.str,
            "# Current best program",
            "```python",
            best,
            "```",
            "# Evaluation report",
            report or "(none)",
            "# Instructions",
            "Analyse the report, find the main weakness of the program, and repair it. Output the full program.",
        ])
        k = min(language_model.max_responses_per_call, evaluations_left)
        if k <= 0:
            return best
        outs = language_model.prompt("You debug and optimise programs.", message, n_responses=k, temperature=temperature)
        candidates = [c for c in extract_code(outs) if c]
        scored = []
        for c in candidates:
            scored.append((utility(c), c))
            evaluations_left -= 1
        if scored:
            s, c = max(scored)
            if s > best_score:
                best, best_score = c, s
    return best
