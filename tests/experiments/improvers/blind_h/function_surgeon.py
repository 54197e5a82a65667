"""Improves a program one function at a time, keeping a transplant only if the patient gets better."""
import ast
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from helpers import extract_code


@dataclass
class Organ:
    name: str
    first_line: int
    last_line: int
    text: str


class Anatomy:
    """Knows where the functions of a program are, and how to replace one of them."""

    def __init__(self, program):
        self.program = program
        self.lines = program.splitlines()
        self.organs = self._locate()

    def _locate(self):
        found = []
        try:
            tree = ast.parse(self.program)
        except SyntaxError:
            return found
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.col_offset == 0:
                start = min([node.lineno] + [d.lineno for d in node.decorator_list])
                text = "\n".join(self.lines[start - 1:node.end_lineno])
                found.append(Organ(node.name, start, node.end_lineno, text))
        return found

    def transplant(self, organ, replacement):
        before = self.lines[:organ.first_line - 1]
        after = self.lines[organ.last_line:]
        return "\n".join(before + replacement.splitlines() + after) + "\n"


def donor_text(answer, organ):
    """Extracts the new text of the function from an answer, with any helper that precedes it."""
    donors = Anatomy(answer).organs
    for donor in donors:
        if donor.name == organ.name:
            return donor.text
    return None


def compose_operation_request(organ, utility, whole_names):
    sections = [
        f"You are given one function, `{organ.name}`, of a larger program.",
        "The program also defines: " + (", ".join(whole_names) or "nothing else") + ".",
        "```python\n" + organ.text + "\n```",
        "The program is scored by the following code:",
        "```python\n" + utility.str + "\n```",
        f"Rewrite only `{organ.name}`. Keep its name and parameters. Reply with the function in a code block.",
    ]
    return "\n\n".join(sections)


class Surgeon:
    def __init__(self, utility, language_model):
        self.utility = utility
        self.language_model = language_model
        self.records = {}

    def examine(self, programs):
        room = self.utility.budget - self.utility.uses
        unknown = [p for p in dict.fromkeys(programs) if p not in self.records][:room]
        if unknown:
            with ThreadPoolExecutor(max_workers=len(unknown)) as executor:
                for program, score in zip(unknown, executor.map(self.utility, unknown)):
                    self.records[program] = score
        return [(p, self.records[p]) for p in programs if p in self.records]

    def operate(self, patient, health, step):
        anatomy = Anatomy(patient)
        if not anatomy.organs:
            return patient, health
        organ = anatomy.organs[step % len(anatomy.organs)]
        names = [o.name for o in anatomy.organs if o.name != organ.name]
        answers = self.language_model.prompt(
            "You are a surgeon of Python programs: precise, minimal and confident.",
            compose_operation_request(organ, self.utility, names),
            min(self.language_model.max_responses_per_call, self.utility.budget - self.utility.uses),
            temperature=0.75,
        )
        candidates = []
        for answer in extract_code(answers):
            replacement = donor_text(answer, organ) if answer else None
            if replacement:
                candidates.append(anatomy.transplant(organ, replacement))
        for candidate, score in self.examine(candidates):
            if score > health:
                patient, health = candidate, score
        return patient, health


def improve_algorithm(initial_solution, utility, language_model):
    surgeon = Surgeon(utility, language_model)
    patient, health = surgeon.examine([initial_solution])[0]
    step = 0
    while language_model.times_used < language_model.budget and utility.uses < utility.budget:
        patient, health = surgeon.operate(patient, health, step)
        step += 1
        if step > 4 * language_model.budget:
            break
    return patient
