from dataclasses import dataclass

from helpers import extract_code


@dataclass(order=True)
class Candidate:
    score: float
    code: str


def improve_algorithm(initial_solution, utility, language_model):
    """Beam of three: every candidate is shown with its score and with the feedback about it."""
    beam = [Candidate(utility(initial_solution), initial_solution)]
    for depth in range(6):
        requests = []
        for candidate in beam:
            requests.append(
                f"Score {candidate.score:.4f}.\n{utility.feedback(candidate.code)}\n"
                f"```python\n{candidate.code}\n```\nImprove this candidate."
            )
        children = []
        for request in requests:
            for code in extract_code(language_model.prompt("You are an expert.", request, 3, 0.8)):
                if code:
                    children.append(Candidate(utility(code), code))
        beam = sorted(beam + children, reverse=True)[:3]
    return beam[0].code
