from helpers import extract_code


class Reviewer:
    def __init__(self, model):
        self.model = model

    def review(self, code, report):
        question = f"Review this program. Do not write code.\n```python\n{code}\n```\nTest report:\n{report}"
        return self.model.prompt("You are a strict reviewer.", question, n_responses=1, temperature=0.2)[0]

    def revise(self, code, review, n):
        question = f"Revise this program.\n```python\n{code}\n```\nReview:\n{review}"
        return [c for c in extract_code(self.model.prompt("You are a skilled programmer.", question, n, 0.8)) if c]


def improve_algorithm(initial_solution, utility, language_model):
    reviewer = Reviewer(language_model)
    best, score = initial_solution, utility(initial_solution)
    while language_model.times_used + 2 <= language_model.budget:
        review = reviewer.review(best, utility.feedback(best))
        for code in reviewer.revise(best, review, 3):
            new = utility(code)
            if new > score:
                best, score = code, new
    return best
