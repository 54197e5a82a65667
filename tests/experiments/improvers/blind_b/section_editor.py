"""Edits a program section by section. A section is a few statements of the top level."""
import ast
import hashlib
import re


def sections(program, target=4):
    """Splits between top-level statements, when a section has four lines or more."""
    lines = program.splitlines(keepends=True)
    cuts = [0]
    for node in ast.parse(program).body:
        if node.end_lineno - cuts[-1] >= target:
            cuts.append(node.end_lineno)
    if cuts[-1] < len(lines):
        cuts.append(len(lines))
    return ["".join(lines[a:b]) for a, b in zip(cuts, cuts[1:])]


def block(answer):
    found = re.findall(r"```(?:python|py)?[ \t]*\n(.*?)```", answer, re.DOTALL)
    return found[-1] if found else None


class Memo:
    def __init__(self, utility):
        self.utility, self.left, self.values = utility, utility.budget, {}

    def __call__(self, program):
        key = hashlib.sha256(program.strip().encode()).hexdigest()
        if key not in self.values:
            if self.left <= 0:
                return -1.0
            self.left -= 1
            self.values[key] = self.utility(program)
        return self.values[key]


def improve_algorithm(initial_solution, utility, language_model):
    memo = Memo(utility)
    best = initial_solution.rstrip() + "\n"
    best_value = memo(best)
    for turn in range(language_model.budget):
        if memo.left <= 0:
            break
        try:
            pieces = sections(best)
        except SyntaxError:
            break
        at = turn % len(pieces)
        message = (
            f"Whole program (score {best_value:.4f}):\n```python\n{best}```\n\n"
            f"What happened when it was scored:\n{utility.feedback(best)}\n\n"
            f"Rewrite just this section, number {at + 1} of {len(pieces)}:\n```python\n{pieces[at]}```\n\n"
            "Give only the new section; it is put in the place of the old one."
        )
        n = min(language_model.max_responses_per_call, memo.left)
        candidates = []
        for answer in language_model.batch_prompt("You edit programs.", [message] * n, temperature=0.7):
            text = block(answer)
            if text is None:
                continue
            program = "".join(pieces[:at] + [text.rstrip("\n") + "\n"] + pieces[at + 1:])
            try:
                ast.parse(program)
            except SyntaxError:
                continue
            candidates.append(program)
        for program in candidates:
            value = memo(program)
            if value > best_value:
                best, best_value = program, value
    return best
