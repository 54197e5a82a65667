"""A tree of thoughts: each kept program is criticised first, and then rewritten along the critique."""
from dataclasses import dataclass

from helpers import extract_code

KEEP = 2


@dataclass
class Thought:
    program: str
    score: float
    critique: str = ""


CRITIC = "You are a reviewer. Name the weaknesses of programs, briefly; do not write code."
WRITER = "You are a programmer who follows reviews."


def improve_algorithm(initial_solution, utility, language_model):
    def calls_left():
        return language_model.budget - language_model.times_used

    def scores_left():
        return utility.budget - utility.uses

    def criticise(thoughts):
        messages = [
            f"Review this program.\n```python\n{t.program}\n```\nResult: {t.score:.4f}\n{utility.feedback(t.program)}"
            for t in thoughts
        ]
        for thought, review in zip(thoughts, language_model.batch_prompt(CRITIC, messages, temperature=0.4)):
            thought.critique = review.strip()[:1200]

    def rewrite(thought, n):
        message = (
            f"Program:\n```python\n{thought.program}\n```\nReview:\n<review>\n{thought.critique}\n</review>\n"
            f"Objective:\n```python\n{utility.str}\n```\nRewrite the program so that the review no longer applies."
        )
        answers = language_model.prompt(WRITER, message, n_responses=n, temperature=0.4)
        return [Thought(code, utility(code)) for code in map(extract_code, answers) if code]

    frontier = [Thought(initial_solution, utility(initial_solution))]
    while calls_left() >= 2 and scores_left() > 0:
        criticise(frontier[:language_model.max_responses_per_call])
        children = []
        for thought in frontier:
            n = min(2, language_model.max_responses_per_call, scores_left())
            if calls_left() == 0 or n < 1:
                break
            children += rewrite(thought, n)
        frontier = sorted(frontier + children, key=lambda t: -t.score)[:KEEP]
    return frontier[0].program
