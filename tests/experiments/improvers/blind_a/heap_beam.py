import heapq
from helpers import extract_code

BEAM_WIDTH = 3


def improve_algorithm(initial_solution, utility, language_model):
    """Keep the three strongest programs and expand all of them in every batch."""
    expertise = "You are a senior algorithm engineer who writes short and fast Python."
    known = {}
    score_limit = utility.budget

    def score_once(code):
        if code not in known:
            if len(known) >= score_limit:
                return float("-inf")
            known[code] = utility(code)
        return known[code]

    def ask_for(code):
        return (
            "Below is a candidate program from a search.\n"
            f"```python\n{code}\n```\n"
            "It is judged by this function:\n"
            f"```python\n{utility.str}\n```\n"
            "Write a variant of it that should be judged higher. Answer with the entire program."
        )

    score_once(initial_solution)
    beam = [initial_solution]
    for _ in range(language_model.budget):
        room = score_limit - len(known)
        if room <= 0:
            break
        width = min(language_model.max_responses_per_call, room)
        messages = [ask_for(beam[i % len(beam)]) for i in range(width)]
        answers = extract_code(language_model.batch_prompt(expertise, messages, temperature=0.8))
        for code in answers:
            if code:
                score_once(code)
        beam = heapq.nlargest(BEAM_WIDTH, known, key=known.get)
    return max(known, key=known.get)
