import random
import statistics
from helpers import extract_code

APPROACHES = {
    "analysis": "First analyse the weaknesses of the program, then rewrite it.",
    "search": "Rewrite the program with a stochastic search.",
    "speed": "Rewrite the program so that it is as fast as possible.",
    "simple": "Rewrite the program in the simplest way that works well.",
}

def improve_algorithm(initial_solution, utility, language_model):
    observed = {name: [] for name in APPROACHES}
    best_score, best = utility(initial_solution), initial_solution
    count = 1

    def sample(name):
        values = observed[name]
        if not values:
            return float("inf")
        spread = 0.3 if len(values) < 2 else max(0.02, statistics.stdev(values))
        return random.gauss(statistics.mean(values), spread / len(values) ** 0.5)

    for _ in range(language_model.budget):
        n = min(5, language_model.max_responses_per_call, utility.budget - count)
        if n < 1:
            break
        name = max(APPROACHES, key=sample)
        message = (APPROACHES[name] + "\n\n```python\n" + initial_solution + "\n```\n\n"
                   "The result is measured by:\n" + utility.str)
        for program in extract_code(language_model.prompt("You are a professor of computer science.", message,
                                                          n_responses=n, temperature=0.8)):
            if not program:
                observed[name].append(0.0)
                continue
            score = utility(program)
            count += 1
            observed[name].append(score)
            if score > best_score:
                best_score, best = score, program
    return best
