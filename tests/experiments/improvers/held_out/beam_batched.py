import heapq
from helpers import extract_code

ANGLES = ["Look at the constants.", "Look at the structure.", "Look at what could go wrong.", "Be bold."]


def improve_algorithm(initial_solution, utility, language_model):
    """All of a beam is expanded in one call, each message with an angle of its own."""
    beam = [(utility(initial_solution), initial_solution)]
    for depth in range(5):
        messages = []
        for number in range(language_model.max_responses_per_call):
            _, program = beam[number % len(beam)]
            messages.append(
                f"{ANGLES[number % len(ANGLES)]}\nProgram:\n```python\n{program}\n```\nScore:\n{utility.str}"
            )
        children = [p for p in extract_code(language_model.batch_prompt("Expert.", messages, temperature=0.7)) if p]
        scored = list(zip(utility.batch(children), children))
        beam = heapq.nlargest(3, beam + scored, key=lambda pair: pair[0])
    return beam[0][1]
