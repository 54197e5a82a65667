import random
from concurrent.futures import ThreadPoolExecutor
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Beam search. Every member of the beam is expanded with a randomly drawn hint; candidates are scored in parallel."""
    expertise = "You are a world-class algorithm engineer."
    beam_width = 3
    calls_left = language_model.budget
    max_responses = language_model.max_responses_per_call

    focus_areas = [
        "runtime complexity and early termination",
        "solution quality, even at the cost of running time",
        "robustness against unusual inputs",
        "using a metaheuristic such as tabu search or simulated annealing",
        "exploiting the structure of the problem",
        "a cleverer initialisation",
    ]

    scores = {}

    def score_all(programs):
        """Score new programs concurrently; known ones are looked up."""
        fresh = []
        for p in programs:
            if p and p not in scores and p not in fresh:
                fresh.append(p)
        fresh = fresh[: max(0, utility.budget - utility.uses)]
        if fresh:
            with ThreadPoolExecutor(max_workers=min(8, len(fresh))) as pool:
                for p, s in zip(fresh, pool.map(utility, fresh)):
                    scores[p] = s
        return [p for p in programs if p in scores]

    def expand(program, n):
        focus = random.choice(focus_areas)
        message = (
            f"Here is a program:\n```python\n{program}\n```\n"
            f"It is judged by this function:\n```python\n{utility.str}\n```\n"
            f"Write a better version. Focus on {focus}. Answer with the complete program in one python block."
        )
        return extract_code(language_model.prompt(expertise, message, n_responses=n, temperature=0.7))

    score_all([initial_solution])
    beam = [initial_solution]
    per_call = max(2, min(max_responses, (utility.budget - 1) // max(1, calls_left)))
    per_call = min(per_call, max_responses)

    while calls_left > 0 and utility.uses < utility.budget:
        children = []
        for program in beam:
            if calls_left == 0:
                break
            calls_left -= 1
            # the very first expansion has to fill the beam
            n = min(max_responses, beam_width + 1) if len(beam) == 1 else per_call
            children += expand(program, n)
        score_all(children)
        # keep the best distinct programs seen so far
        beam = sorted(scores, key=scores.get, reverse=True)[:beam_width]

    return max(scores, key=scores.get) if scores else initial_solution
