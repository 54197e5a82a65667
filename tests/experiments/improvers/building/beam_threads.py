import concurrent.futures
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """A beam of width 3; answers and scores are got in threads, scores are remembered, sampling cools."""
    role = "You are an expert in optimisation."
    width, heat, known = 3, 0.9, {}

    def score_of(program):
        if program not in known:
            known[program] = utility(program)
        return known[program]

    def grow(program, heat):
        text = f"Improve the following program.\n```python\n{program}\n```\nIts utility:\n```python\n{utility.str}\n```"
        answers = language_model.prompt(role, text, n_responses=3, temperature=heat)
        return [found for found in extract_code(answers) if found]

    beam = [initial_solution]
    for _ in range(4):
        if utility.uses >= utility.budget:
            break
        with concurrent.futures.ThreadPoolExecutor() as executor:
            jobs = [executor.submit(grow, program, heat) for program in beam]
            grown = [found for job in jobs for found in job.result()]
        pool = list(dict.fromkeys(beam + grown))
        with concurrent.futures.ThreadPoolExecutor() as executor:
            scores = list(executor.map(score_of, pool))
        ranked = sorted(zip(scores, pool), key=lambda pair: pair[0], reverse=True)
        beam = [program for _, program in ranked[:width]]
        heat *= 0.6
    return beam[0]
