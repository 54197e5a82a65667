"""A beam of three programs; each is improved one marked segment at a time."""
import ast
import re
import textwrap
from dataclasses import dataclass

from helpers import extract_code

BEAM_WIDTH = 3


@dataclass
class Segment:
    start: int
    end: int
    text: str
    indent: int


@dataclass
class BeamEntry:
    program: str
    score: float
    cursor: int = 0


def collect_segments(program, target=6):
    """Splits the bodies of the functions into runs of about `target` lines of whole statements."""
    lines = program.splitlines()
    segments = []
    for node in ast.parse(program).body:
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        start = None
        for statement in node.body:
            if start is None:
                start = statement.lineno
            if statement.end_lineno - start + 1 >= target or statement is node.body[-1]:
                text = "\n".join(lines[start - 1:statement.end_lineno])
                segments.append(Segment(start, statement.end_lineno, text, node.body[0].col_offset))
                start = None
    return segments


def put_segment(program, segment, replacement):
    lines = program.splitlines()
    body = textwrap.indent(textwrap.dedent(replacement.strip("\n")), " " * segment.indent)
    return "\n".join(lines[:segment.start - 1] + body.splitlines() + lines[segment.end:]) + "\n"


def fenced_text(reply):
    blocks = re.findall(r"```(?:python)?[ \t]*\n(.*?)```", reply, flags=re.DOTALL)
    return blocks[-1] if blocks else None


def is_program(text):
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True


class SegmentBeamSearch:
    def __init__(self, initial_solution, utility, language_model):
        self.utility = utility
        self.language_model = language_model
        self.beam = [BeamEntry(initial_solution, utility(initial_solution))]

    def next_segment(self, entry):
        try:
            segments = collect_segments(entry.program)
        except SyntaxError:
            segments = []
        if not segments:
            return None
        segment = segments[entry.cursor % len(segments)]
        entry.cursor += 1
        return segment

    def message(self, entry, segment):
        marked = segment.text if segment else "the whole program"
        return f"""The program below has the following results: {self.utility.feedback(entry.program) or entry.score}

```python
{entry.program}
```

It is measured by:

```python
{self.utility.str}
```

Rewrite ONLY this segment of the program, and leave all other lines as they are:

{marked}

Answer with one code block that contains the new segment."""

    def integrate(self, entry, segment, reply):
        text = fenced_text(reply)
        if text is None:
            return None
        if segment is not None and not re.search(r"^(def|class|import|from) ", text, flags=re.MULTILINE):
            merged = put_segment(entry.program, segment, text)
            return merged if is_program(merged) else None
        return extract_code(reply, like=entry.program)

    def step(self):
        slots = min(self.language_model.max_responses_per_call, self.utility.budget - self.utility.uses)
        jobs = []
        for index in range(slots):
            entry = self.beam[index % len(self.beam)]
            jobs.append((entry, self.next_segment(entry)))
        replies = self.language_model.batch_prompt(
            "You are a programmer who makes local edits.",
            [self.message(entry, segment) for entry, segment in jobs],
            temperature=0.7,
        )
        programs = []
        for (entry, segment), reply in zip(jobs, replies):
            program = self.integrate(entry, segment, reply)
            if program:
                programs.append(program)
        scores = self.utility.batch(programs) if programs else []
        self.beam.extend(BeamEntry(p, s) for p, s in zip(programs, scores))
        self.beam.sort(key=lambda e: e.score, reverse=True)
        self.beam = self.beam[:BEAM_WIDTH]

    def run(self):
        while self.language_model.times_used < self.language_model.budget and self.utility.uses < self.utility.budget:
            self.step()
        return self.beam[0].program


def improve_algorithm(initial_solution, utility, language_model):
    return SegmentBeamSearch(initial_solution, utility, language_model).run()
