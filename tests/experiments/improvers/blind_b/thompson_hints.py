import random
from helpers import extract_code

HINTS = {
    "speed": "Make it faster, so that more work fits into the same time.",
    "search": "Add a local search or a random restart around the present idea.",
    "params": "Keep the structure and tune the constants.",
    "rewrite": "Replace the core idea with a stronger algorithm.",
    "robust": "Handle edge cases and failures that lose score.",
}


def improve_algorithm(initial_solution, utility, language_model):
    rng = random.Random(11)
    alpha = dict.fromkeys(HINTS, 1.0)
    beta = dict.fromkeys(HINTS, 1.0)
    known = {}
    budget = utility.budget

    def evaluate(code):
        key = code.strip()
        if key not in known:
            if len(known) >= budget:
                return float("-inf")
            known[key] = utility(code)
        return known[key]

    champion, top = initial_solution, evaluate(initial_solution)
    for _ in range(language_model.budget):
        if len(known) >= budget:
            break
        n = min(language_model.max_responses_per_call, budget - len(known))
        # one draw of the posterior for each message
        names = [max(HINTS, key=lambda h: rng.betavariate(alpha[h], beta[h])) for _ in range(n)]
        messages = [
            f"Improve this program.\nHint: {HINTS[h]}\n\n```python\n{champion}\n```\n\n"
            f"The score is:\n```python\n{utility.str}\n```\nGive the full program."
            for h in names
        ]
        replies = language_model.batch_prompt("You are a senior software engineer.", messages, temperature=0.8)
        reference, new_champion = top, champion
        for name, reply in zip(names, replies):
            code = extract_code(reply)
            value = evaluate(code) if code else float("-inf")
            if value > reference:
                alpha[name] += 1
            else:
                beta[name] += 1
            if value > top:
                top, new_champion = value, code
        champion = new_champion
    return champion
