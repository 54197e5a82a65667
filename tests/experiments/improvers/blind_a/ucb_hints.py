import math
from helpers import extract_code


def make_selector(hints, c=0.2):
    counts = {h: 0 for h in hints}
    rewards = {h: 0.0 for h in hints}

    def select():
        untried = [h for h in hints if counts[h] == 0]
        if untried:
            return untried[0]
        total = sum(counts.values())
        return max(hints, key=lambda h: rewards[h] / counts[h] + c * math.sqrt(math.log(total) / counts[h]))

    def learn(hint, reward):
        counts[hint] += 1
        rewards[hint] += reward

    return select, learn


def improve_algorithm(initial_solution, utility, language_model):
    """Upper confidence bounds decide what the model is told to do with the best program."""
    select, learn = make_selector([
        "Replace the core by a better known algorithm.",
        "Keep the algorithm and choose better parameters.",
        "Look for bugs and edge cases, and fix them.",
        "Use the allowed time fully, with repeated attempts.",
    ])
    expertise = "You are a specialist for optimization."
    budget = utility.budget
    top, top_score = initial_solution, utility(initial_solution)
    budget -= 1
    for _ in range(language_model.budget):
        size = min(budget, language_model.max_responses_per_call)
        if size < 1:
            break
        hint = select()
        message = f"{hint}\n\n```python\n{top}\n```\n\nYour result is measured by\n```python\n{utility.str}\n```\nReturn a complete program."
        improved = 0
        threshold = top_score
        replies = [r for r in extract_code(language_model.batch_prompt(expertise, [message] * size, temperature=0.7)) if r]
        for reply in replies:
            result = utility(reply)
            improved += result > threshold
            if result > top_score:
                top, top_score = reply, result
        budget -= len(replies)
        learn(hint, improved / size)
    return top
