import random
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """The best is improved four times out of five; else any of the ten best."""
    pool = {initial_solution: utility(initial_solution)}
    while language_model.times_used < language_model.budget:
        ranked = sorted(pool, key=pool.get, reverse=True)[:10]
        base = ranked[0] if random.random() > 0.2 else random.choice(ranked)
        message = f"Make it better:\n```python\n{base}\n```\n```python\n{utility.str}\n```"
        answers = language_model.batch_prompt("Expert.", [message] * 3, temperature=0.7)
        fresh = [p for p in extract_code(answers) if p and p not in pool]
        pool.update(zip(fresh, utility.batch(fresh)))
    return max(pool, key=pool.get)
