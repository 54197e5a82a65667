import heapq

from helpers import extract_code

ASPECTS = ["Improve the search itself.", "Improve the starting point.", "Tune the numbers."]


def improve_algorithm(initial_solution, utility, language_model):
    beam = [(utility(initial_solution), initial_solution)]
    tried = {initial_solution}
    for depth in range(language_model.budget):
        prompts = []
        for _, code in beam:
            for aspect in ASPECTS[: max(1, language_model.max_responses_per_call // len(beam))]:
                prompts.append(f"{aspect}\n```python\n{code}\n```\nScore:\n```python\n{utility.str}\n```")
        responses = language_model.batch_prompt("You are a strong programmer.", prompts, temperature=0.7)
        for code in extract_code(responses):
            if code and code not in tried and len(tried) < utility.budget:
                tried.add(code)
                heapq.heappush(beam, (utility(code), code))
        beam = heapq.nlargest(2, beam)
    return beam[0][1]
