import random
from helpers import extract_code

def improve_algorithm(initial_solution, utility, language_model):
    role = "You are an expert in evolutionary computation and code optimisation."
    n = min(5, language_model.max_responses_per_call)
    calls = language_model.budget
    evaluations = utility.budget

    def evaluate(programs):
        nonlocal evaluations
        programs = programs[:evaluations]
        if not programs:
            return []
        evaluations -= len(programs)
        return list(zip(utility.batch(programs), programs))

    population = evaluate([initial_solution])
    first = language_model.prompt(role, "Propose a better version of this program.\n```python\n%s\n```\nScore: %s" % (
        initial_solution, utility.str), n_responses=n, temperature=0.7)
    calls -= 1
    population += evaluate([p for p in extract_code(first) if p])

    while calls > 0 and evaluations > 0:
        population = sorted(population, key=lambda x: x[0], reverse=True)[:6]
        messages = []
        for _ in range(n):
            if len(population) > 1:
                (sa, a), (sb, b) = random.sample(population, 2)
            else:
                (sa, a), (sb, b) = population[0], population[0]
            messages.append(
                f"Parent A (score {sa:.3f}):\n```python\n{a}\n```\n\n"
                f"Parent B (score {sb:.3f}):\n```python\n{b}\n```\n\n"
                f"The score is computed as follows:\n{utility.str}\n\n"
                "Combine the strengths of both parents into one child program. Answer with the child's full code."
            )
        offspring = extract_code(language_model.batch_prompt(role, messages, temperature=0.7))
        calls -= 1
        population += evaluate([p for p in offspring if p])
    return max(population, key=lambda x: x[0])[1]
