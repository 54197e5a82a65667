import heapq
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Improves a solution with a beam of the three best programs."""
    expertise = "You are an expert computer science researcher and programmer, especially skilled at optimizing algorithms."
    beam = [(utility(initial_solution), initial_solution)]
    depth = 3
    for level in range(depth):
        expansions = []
        for value, candidate in beam:
            prompt_text = (
                "Rewrite this program so that its score rises.\n```python\n" + candidate + "\n```\n"
                "The score is computed by\n```python\n" + utility.str + "\n```"
            )
            replies = language_model.prompt(expertise, prompt_text, n_responses=2, temperature=0.8)
            for code in extract_code(replies):
                if code is not None:
                    expansions.append((utility(code), code))
        beam = heapq.nlargest(3, beam + expansions, key=lambda item: item[0])
    return beam[0][1]
