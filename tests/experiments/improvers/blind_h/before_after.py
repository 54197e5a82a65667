"""Shows the model the last successful step, before and after, and asks for the next one."""
from dataclasses import dataclass
from typing import Optional

from helpers import extract_code


@dataclass
class Version:
    source: str
    score: float
    predecessor: Optional["Version"] = None

    def history_length(self):
        return 0 if self.predecessor is None else 1 + self.predecessor.history_length()


class StoryTeller:
    """Turns the history of the best version into a prompt."""

    def __init__(self, utility):
        self.utility = utility

    @staticmethod
    def block(title, version):
        return f"## {title} (score {version.score:.5f})\n\n```python\n{version.source}\n```"

    def tell(self, version):
        chapters = []
        if version.predecessor is not None:
            chapters.append(self.block("Before", version.predecessor))
            chapters.append(self.block("After", version))
            chapters.append("The step from the first program to the second was a success. Take another such step.")
        else:
            chapters.append(self.block("Now", version))
            chapters.append("Take a step that raises the score.")
        chapters.append("## Score\n\n```python\n" + self.utility.str + "\n```")
        chapters.append("Send the complete new program.")
        return "\n\n".join(chapters)


def improve_algorithm(initial_solution, utility, language_model):
    teller = StoryTeller(utility)
    current = Version(initial_solution, utility(initial_solution))
    while language_model.times_used < language_model.budget:
        available = utility.budget - utility.uses
        if available < 1:
            break
        replies = language_model.prompt(
            "You are a programmer who learns from history.",
            teller.tell(current),
            min(available, language_model.max_responses_per_call),
            temperature=0.7,
        )
        successor = current
        for source in extract_code(replies):
            if not source or utility.uses >= utility.budget:
                continue
            score = utility(source)
            if score > successor.score:
                successor = Version(source, score, current)
        current = successor
    return current.source
