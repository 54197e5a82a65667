from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """A beam that starts wide and hot and becomes narrow and cold. The evaluator's words are in each prompt."""
    rounds = max(1, language_model.budget)
    beam = [(utility(initial_solution), initial_solution)]

    for r in range(rounds):
        if language_model.times_used >= language_model.budget or utility.uses >= utility.budget:
            break
        progress = r / rounds
        width = max(2, round(5 - 3 * progress))
        temperature = round(1.1 - 0.8 * progress, 2)

        messages = []
        for score, code in beam:
            report = utility.feedback(code)
            messages.append(
                f"Score of this program: {score:.3f} (higher is better).\n"
                + (f"What the evaluation says:\n{report}\n" if report else "")
                + f"\n```python\n{code}\n```\n\n"
                "Fix what the evaluation complains about, or make the method stronger. Complete program, python block."
            )
        limit = language_model.max_responses_per_call
        if len(messages) == 1:
            messages = messages * min(4, limit)
        messages = messages[:limit]

        for reply in language_model.batch_prompt("You debug and tune heuristics.", messages, temperature=temperature):
            code = extract_code(reply)
            if code and utility.uses < utility.budget:
                beam.append((utility(code), code))
        beam.sort(key=lambda p: -p[0])
        beam = beam[:width]

    return beam[0][1]
