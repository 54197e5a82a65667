from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """One answer for each aspect."""
    aspects = ["speed", "memory", "numerical care", "better heuristics", "simplicity"]
    messages = [
        f"Improve the {aspect} of this program.\n```python\n{initial_solution}\n```\nScored by:\n```python\n{utility.str}\n```"
        for aspect in aspects[: language_model.max_responses_per_call]
    ]
    answers = language_model.batch_prompt("You are a careful engineer.", messages, temperature=0.7)
    return max([initial_solution] + [p for p in extract_code(answers) if p], key=utility)
