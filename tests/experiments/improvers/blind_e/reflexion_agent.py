"""Reflexion: look at what the evaluator says, write a lesson, then revise."""
import hashlib
from dataclasses import dataclass, field

from helpers import extract_code


@dataclass
class Memory:
    lessons: list = field(default_factory=list)
    scored: dict = field(default_factory=dict)

    def add_lesson(self, text, limit=3):
        self.lessons.append(text.strip()[:600])
        self.lessons = self.lessons[-limit:]


class ReflexionAgent:
    CRITIC = "You are a meticulous reviewer of optimization code."
    CODER = "You are an expert Python programmer who acts on reviews."

    def __init__(self, initial, utility, model):
        self.utility, self.model = utility, model
        self.memory = Memory()
        self.best = initial
        self.best_score = self.evaluate(initial)

    @staticmethod
    def key(code):
        lines = [ln.rstrip() for ln in code.splitlines() if ln.strip()]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def evaluate(self, code):
        k = self.key(code)
        if k not in self.memory.scored:
            self.memory.scored[k] = self.utility(code)
        return self.memory.scored[k]

    def reflect(self):
        report = self.utility.feedback(self.best) or "no details"
        message = f"""The program below scored {self.best_score:.4f}.

```python
{self.best}
```

Evaluator's report:
{report}

In at most five sentences: what is the main weakness and what should be changed? Do not write code."""
        out = self.model.prompt(self.CRITIC, message, n_responses=1, temperature=0.2)
        if out:
            self.memory.add_lesson(out[0])

    def revise(self):
        lessons = "\n".join(f"- {x}" for x in self.memory.lessons) or "- none yet"
        message = f"""Current best program (score {self.best_score:.4f}):

```python
{self.best}
```

Lessons so far:
{lessons}

Write an improved complete program that takes the lessons into account. One python code block."""
        k = min(4, self.model.max_responses_per_call)
        for reply in self.model.prompt(self.CODER, message, n_responses=k, temperature=0.8):
            code = extract_code(reply)
            if not code:
                continue
            score = self.evaluate(code)
            if score > self.best_score:
                self.best, self.best_score = code, score

    def run(self):
        while self.model.budget - self.model.times_used >= 2:
            self.reflect()
            self.revise()
        if self.model.budget - self.model.times_used == 1:
            self.revise()
        return self.best


def improve_algorithm(initial_solution, utility, language_model):
    return ReflexionAgent(initial_solution, utility, language_model).run()
