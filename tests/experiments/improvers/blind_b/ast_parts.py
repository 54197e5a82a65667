from __future__ import annotations

import ast
from typing import Iterator, NamedTuple, Optional

from helpers import extract_code


class Part(NamedTuple):
    name: str
    first: int  # index of the first line
    last: int  # index after the last line


def parts_of(program: str) -> list[Part]:
    """The top-level functions and classes of a program."""
    found = []
    for node in ast.parse(program).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            first = min([node.lineno] + [d.lineno for d in node.decorator_list]) - 1
            found.append(Part(node.name, first, node.end_lineno))
    return found


def text_of(program: str, part: Part) -> str:
    return "\n".join(program.splitlines()[part.first : part.last])


def replaced(program: str, part: Part, text: str) -> str:
    lines = program.splitlines()
    return "\n".join(lines[: part.first] + text.splitlines() + lines[part.last :]) + "\n"


def definition(answer: str, part_text: str, name: str) -> Optional[str]:
    code = extract_code(answer, like=part_text)
    if not code:
        return None
    for part in parts_of(code):
        if part.name == name:
            return text_of(code, part)
    return None


class Refactorer:
    def __init__(self, utility, language_model) -> None:
        self.utility = utility
        self.language_model = language_model
        self.left = utility.budget

    def score(self, program: str) -> float:
        self.left -= 1
        return self.utility(program)

    def variants(self, program: str, part: Part) -> Iterator[str]:
        old = text_of(program, part)
        message = (
            f"In this program\n```python\n{program}\n```\nrewrite only `{part.name}`:\n```python\n{old}\n```\n"
            f"The program is scored by\n```python\n{self.utility.str}\n```\n"
            f"Answer with the new `{part.name}` in one block and nothing else."
        )
        n = min(self.language_model.max_responses_per_call, self.left)
        for answer in self.language_model.batch_prompt("You refactor one function at a time.", [message] * n, temperature=0.7):
            new = definition(answer, old, part.name)
            if new:
                yield replaced(program, part, new)

    def run(self, program: str) -> str:
        best, value = program, self.score(program)
        for turn in range(self.language_model.budget):
            parts = parts_of(best)
            if not parts or self.left <= 0:
                break
            base = best
            for candidate in self.variants(base, parts[turn % len(parts)]):
                result = self.score(candidate)
                if result > value:
                    best, value = candidate, result
        return best


def improve_algorithm(initial_solution, utility, language_model):
    return Refactorer(utility, language_model).run(initial_solution)
