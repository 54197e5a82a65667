"""A task whose whole program is scored, in a workshop: by an evaluator, or by a repository's own check.

Such a task has no instances, and so no sealed test. The program runs beside its evaluator, as the same user.
"""

import re
from dataclasses import dataclass
from difflib import unified_diff
from textwrap import indent

from selftaught.core.contracts import Score, Verdict
from selftaught.core.errors import TaskError, UsageError
from selftaught.core.text import printable
from selftaught.sandbox.contract import Done, Job

_START, _END = re.compile(r"EVOLVE-BLOCK-START"), re.compile(r"EVOLVE-BLOCK-END")
_MOST_TAIL, _MOST_ARTIFACT = 1500, 1500


@dataclass(frozen=True, kw_only=True)
class Place:
    """The place of a function in a repository: a file, and its text before and after the function."""

    path: str
    before: str
    behind: str
    margin: str = ""

    def filled(self, program: str) -> str:
        """The file with `program` there."""
        text = indent(program.strip("\n"), self.margin) + "\n"
        lines_end = "\r\n" if "\r\n" in self.before + self.behind else "\n"
        return self.before + text.replace("\n", lines_end) + self.behind


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """How a program is judged.

    Attributes:
        evaluator: the file that defines `evaluate(path)`, among `files`; empty if there is a `check`.
        thresholds: of the stages of an evaluator; without them it has but one.
        check, score: shell commands in a copy of the files: exit code 0; and a number in the last line.
        place: what of the copy a program replaces.
        repeats: of check or score.
        marked: whether only the text between EVOLVE-BLOCK markers may change.
    """

    evaluator: str = ""
    level: str = ""
    suffix: str = ".py"
    thresholds: tuple[float, ...] = ()
    check: str = ""
    score: str = ""
    place: Place | None = None
    repeats: int = 1
    environment: str = ""
    wall_seconds: float = 60.0
    marked: bool = False
    files: tuple[tuple[str, bytes], ...] = ()
    memory_bytes: int = 512 << 20

    def job(self, program: str, seed: str) -> Job:
        """The work that judges a program. Raises ValueError for one that changed what must stay."""
        if self.marked and (words := changed_outside(seed, program)):
            raise ValueError(words)
        told: dict[str, object] = {"mode": "evaluate", "program": program, "suffix": self.suffix}
        told |= {"evaluator": self.evaluator, "thresholds": list(self.thresholds), "level": self.level}
        if self.place is not None:
            told = {"mode": "check", "check": self.check, "score": self.score, "repeats": self.repeats}
            told |= {"place": self.place.path, "before": self.place.filled(seed), "program": self.place.filled(program)}
        return Job(
            told=told,
            files=self.files,
            environment=self.environment,
            wall_seconds=self.wall_seconds,
            rounds=4 * self.repeats if self.place else 1,
            memory_bytes=self.memory_bytes,
        )

    def patch(self, program: str, seed: str) -> str:
        """A patch for `git apply`; empty without a repository or a change."""
        if self.place is None:
            return ""
        before, after = (self.place.filled(text).splitlines(keepends=True) for text in (seed, program))
        return "".join(unified_diff(before, after, f"a/{self.place.path}", f"b/{self.place.path}"))


def grades_of(done: Done, evaluation: Evaluation) -> list[dict[str, float]] | Score:
    """The numbers of each round, with `score` among them; or the score of a program that has none.

    Raises TaskError where the check fails before anything is changed.
    """
    if done.error or done.timed_out:
        said = _tail(done)
        if done.original:
            raise TaskError(f"{done.error}, before any change{': ' + said if said else ''}")
        why = done.error or f"took more than {evaluation.wall_seconds:g} s"
        note = f"{why}: {said}" if said and said not in why else why  # an exception's own last line repeats it
        verdict = Verdict.TIMED_OUT if done.timed_out else Verdict.CRASHED
        return Score(0.0, verdict, printable(note)[:300], feedback=printable(why)[:300])
    if evaluation.place is None:
        numbers = {name: value for name, value in done.metrics.items() if name != "score"}
        return [{**numbers, "score": done.score if done.score is not None else float("nan")}]
    if evaluation.score:
        return [{"score": pair[0]} for pair in done.pairs]
    return [{"score": before / max(after, 1e-9)} for before, after in done.pairs]


def words_of(done: Done) -> str:
    """Additional text for an improver: artifacts, and the ends of the output."""
    parts = [f"{printable(name)}: {_lines(text, _MOST_ARTIFACT)}" for name, text in done.artifacts.items()]
    parts += [
        f"{name}, its end:\n{_lines(text[-_MOST_TAIL:], _MOST_TAIL)}"
        for name, text in (("stdout", done.stdout), ("stderr", done.stderr))
        if text.strip()
    ]
    return "\n".join(parts)


def _lines(text: str, most: int) -> str:
    return "\n".join(printable(line) for line in text[:most].strip().splitlines())


def _tail(done: Done) -> str:
    lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
    return printable(lines[-1])[:200] if lines else ""


def check_markers(seed: str, where: str) -> bool:
    """Whether a seed has markers. Raises UsageError if they do not pair."""
    kinds = [kind for line in seed.splitlines() if (kind := _kind(line))]
    if kinds != ["start", "end"] * (len(kinds) // 2):
        raise UsageError(f"{where}: its EVOLVE-BLOCK-START and EVOLVE-BLOCK-END do not pair; wanted each start, "
                         "then its end, none within another")  # fmt: skip
    return bool(kinds)


def changed_outside(seed: str, program: str) -> str:
    """Which line outside of the markers is not as it was, in words; an empty text where none is."""
    wanted, came = _outside(seed), _outside(program)
    for number, (before, after) in enumerate(zip(wanted, came, strict=False), start=1):
        if before != after:
            return f"line {number} outside of the EVOLVE-BLOCK markers was changed: it has to stay {before[:100]!r}"
    if len(wanted) != len(came):
        return "lines outside of the EVOLVE-BLOCK markers were added or left out; give the whole file, with the markers"
    return ""


def _outside(text: str) -> list[str]:
    lines, inside = [], False
    for line in text.strip().splitlines():
        kind = _kind(line)
        inside = inside if not kind else kind == "start"
        if kind or not inside:
            lines.append(line.rstrip())
    return lines


def _kind(line: str) -> str:
    return "start" if _START.search(line) else "end" if _END.search(line) else ""
