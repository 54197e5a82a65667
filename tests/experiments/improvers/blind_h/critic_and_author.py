"""An author and a critic take turns on one manuscript; nobody looks at numbers until the end."""
from dataclasses import dataclass, field

from helpers import extract_code


@dataclass
class Manuscript:
    text: str
    notes: list = field(default_factory=list)


@dataclass
class Desk:
    """The two roles that share the manuscript."""

    language_model: object
    objective: str

    def has_paper(self, calls=2):
        return self.language_model.times_used + calls <= self.language_model.budget

    def ask_critic(self, manuscript):
        message = f"""Review this program without rewriting it.

```python
{manuscript.text}
```

The objective of the program is given by

```python
{self.objective}
```

List at most three concrete defects, the most serious first, in plain sentences. Write no code."""
        return self.language_model.prompt("You are a strict reviewer.", message, 1, temperature=0.7)[0]

    def ask_author(self, manuscript, review):
        message = f"""A reviewer commented on your program.

Your program:
```python
{manuscript.text}
```

The objective:
```python
{self.objective}
```

The comments:
{review}

Address the comments and submit the complete revised program."""
        replies = self.language_model.prompt("You are a patient author of Python programs.", message, 1, temperature=0.7)
        return extract_code(replies[0])


def trim(text, limit=1500):
    text = (text or "").strip()
    return text if len(text) <= limit else text[:limit] + " ..."


def improve_algorithm(initial_solution, utility, language_model):
    desk = Desk(language_model, utility.str)
    manuscript = Manuscript(initial_solution)
    rounds = 0
    while desk.has_paper() and rounds < 8:
        review = trim(desk.ask_critic(manuscript))
        manuscript.notes.append(review)
        revised = desk.ask_author(manuscript, review)
        if revised:
            manuscript.text = revised
        rounds += 1
    if utility(manuscript.text) >= utility(initial_solution):
        return manuscript.text
    return initial_solution
