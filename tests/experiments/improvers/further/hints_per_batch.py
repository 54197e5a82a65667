from helpers import extract_code

HINTS = [
    "Use a better neighbourhood.",
    "Use more of the time.",
    "Use a smarter start.",
    "Use memory of what was visited.",
]


def improve_algorithm(initial_solution, utility, language_model):
    champion, points = initial_solution, utility(initial_solution)
    for _ in range(language_model.budget):
        prompts = [
            f"```python\n{champion}\n```\n{hint}\nIt has {points:.4f} points by\n```python\n{utility.str}\n```"
            for hint in HINTS
        ]
        codes = extract_code(language_model.batch_prompt("You are a champion programmer.", prompts, temperature=0.7))
        codes = [code for code in codes if code]
        scores = utility.batch(codes)
        for code, score in zip(codes, scores):
            if score >= points:
                champion, points = code, score
    return champion
