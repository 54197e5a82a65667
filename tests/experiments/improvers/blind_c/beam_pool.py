from concurrent.futures import ThreadPoolExecutor
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Improve a solution with a beam search of width three."""
    expertise = "You are an expert computer science researcher and programmer, especially skilled at optimizing algorithms."
    beam_width = min(3, language_model.max_responses_per_call)
    scores = {initial_solution: utility(initial_solution)}
    used = 1
    beam = [initial_solution]
    for _ in range(min(language_model.budget, 18)):
        messages = []
        while len(messages) < language_model.max_responses_per_call:
            program = beam[len(messages) % len(beam)]
            messages.append(
                "Improve the following solution:\n```python\n" + program + "\n```\n\n"
                "You will be evaluated based on this score function:\n```python\n" + utility.str + "\n```\n"
                "Return an improved version of the whole program. Be as creative as you can under the constraints."
            )
        answers = language_model.batch_prompt(expertise, messages, temperature=0.7)
        fresh = []
        for code in extract_code(answers):
            if code and code not in scores and code not in fresh:
                fresh.append(code)
        fresh = fresh[: utility.budget - used]
        if fresh:
            with ThreadPoolExecutor(max_workers=8) as pool:
                for code, score in zip(fresh, pool.map(utility, fresh)):
                    scores[code] = score
            used += len(fresh)
        beam = sorted(scores, key=scores.get, reverse=True)[:beam_width]
        if used >= utility.budget:
            break
    return beam[0]
