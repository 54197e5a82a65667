from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """A panel of experts, each asked once about the program as it was."""
    panel = [
        "an expert of dynamic programming",
        "an expert of randomised algorithms",
        "an expert of low-level optimisation",
        "an expert of linear algebra",
    ]
    proposals = []
    for member in panel:
        message = f"As {member}, rewrite:\n```python\n{initial_solution}\n```\nUtility:\n```python\n{utility.str}\n```"
        proposals.extend(extract_code(language_model.prompt(f"You are {member}.", message, n_responses=2, temperature=0.7)))
    scored = [(utility(p), i, p) for i, p in enumerate(proposals) if p is not None]
    return max(scored)[2] if scored else initial_solution
