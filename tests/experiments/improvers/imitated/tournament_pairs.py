import random
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Evolution with tournament selection; crossover cuts both texts at one line."""

    def tournament(pool, k=3):
        return max(random.sample(pool, min(k, len(pool))), key=lambda member: member[1])

    def model(program, n=1):
        message = f"Change this program a little:\n```python\n{program}\n```\n```python\n{utility.str}\n```"
        return [code for code in extract_code(language_model.prompt("Breeder", message, n, 0.9)) if code]

    pool = [(initial_solution, utility(initial_solution))]
    pool += [(code, utility(code)) for code in model(initial_solution, 4)]
    for _ in range(8):
        a, b = tournament(pool)[0].split("\n"), tournament(pool)[0].split("\n")
        cut = len(a) // 2
        child = "\n".join(a[:cut] + b[cut:])
        mutated = model(child)
        if mutated:
            child = mutated[0]
        pool.append((child, utility(child)))
        pool.sort(key=lambda member: member[1], reverse=True)
        del pool[6:]
    return pool[0][0]
