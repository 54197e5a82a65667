"""Tree of thoughts, level by level: only the best answers of the last level are expanded."""
import re
from collections import namedtuple

from helpers import extract_code

Thought = namedtuple("Thought", ["code", "value", "depth"])


class LevelPlan:
    """Deeper levels are explored more conservatively."""

    WIDTH = 3
    TEMPERATURES = (1.1, 0.9, 0.7, 0.5, 0.35, 0.25)

    @classmethod
    def temperature(cls, depth):
        return cls.TEMPERATURES[min(depth, len(cls.TEMPERATURES) - 1)]


class DuplicateFilter:
    def __init__(self):
        self._fingerprints = set()

    @staticmethod
    def fingerprint(code):
        without_comments = re.sub(r"#.*", "", code)
        return re.sub(r"\s+", " ", without_comments).strip()

    def is_new(self, code):
        mark = self.fingerprint(code)
        if mark in self._fingerprints:
            return False
        self._fingerprints.add(mark)
        return True


class ThoughtTree:
    def __init__(self, initial_solution, utility, language_model):
        self.utility = utility
        self.model = language_model
        self.filter = DuplicateFilter()
        self.filter.is_new(initial_solution)
        self.root = Thought(initial_solution, utility(initial_solution), 0)
        self.champion = self.root

    def may_continue(self):
        return self.model.times_used < self.model.budget and self.utility.uses < self.utility.budget

    def message(self, thought):
        lines = [
            "Here is an intermediate solution of an optimisation task.",
            "",
            "```python",
            thought.code,
            "```",
            "",
            "It will be evaluated by:",
            "",
            "```python",
            self.utility.str,
            "```",
            "",
            "Consider one promising next step, carry it out, and write down the complete resulting program.",
        ]
        return "\n".join(lines)

    def expand(self, thought):
        amount = min(self.model.max_responses_per_call, self.utility.budget - self.utility.uses)
        answers = self.model.prompt(
            "You are a deliberate problem solver.",
            self.message(thought),
            amount,
            temperature=LevelPlan.temperature(thought.depth),
        )
        children = []
        for code in extract_code(answers):
            if not code or self.utility.uses >= self.utility.budget or not self.filter.is_new(code):
                continue
            children.append(Thought(code, self.utility(code), thought.depth + 1))
        return children

    def grow(self):
        level = [self.root]
        while self.may_continue():
            offspring = []
            for thought in level:
                if not self.may_continue():
                    break
                offspring.extend(self.expand(thought))
            if not offspring:
                continue
            offspring.sort(key=lambda t: t.value, reverse=True)
            level = offspring[:LevelPlan.WIDTH]
            if level[0].value > self.champion.value:
                self.champion = level[0]
        return self.champion.code


def improve_algorithm(initial_solution, utility, language_model):
    return ThoughtTree(initial_solution, utility, language_model).grow()
