"""Ask a person whether a proposed improver is accepted: in the terminal, or by a file if there is no terminal."""

import sys
from collections.abc import Callable

from selftaught.cli.progress import Progress
from selftaught.middleware.gate import Gate
from selftaught.report.untrusted import one_line
from selftaught.runs.folder import RunFolder
from selftaught.wiring.accepting import Approve, Question, Reply, by_file

_YES, _NO = ("y", "yes"), ("n", "no")


def asker(folder: RunFolder, gate: Gate, progress: Progress) -> Approve:
    """On a terminal, unless its input comes from elsewhere."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return by_file(folder, gate, progress.say)

    def ask(question: Question) -> Reply:
        with progress.paused():
            return on_terminal(question, sys.stdin.readline, gate)

    return ask


def on_terminal(question: Question, read: Callable[[], str], gate: Gate) -> Reply:
    """Shows the question on stderr and reads lines until one is an answer; what follows the first word is a note."""
    print("\n".join(shown(question)), file=sys.stderr)
    while True:
        print("Accept it? y or n, with an optional note: ", end="", file=sys.stderr, flush=True)
        line = read()
        gate.check()
        word, _, note = line.strip().partition(" ")
        if word.lower() in (*_YES, *_NO):
            return Reply(word.lower() in _YES, "terminal", note.strip())
        if not line:  # the end of the input is not an answer, and no answer will follow
            return Reply(False, "terminal", "no answer: the input ended")


def shown(question: Question) -> list[str]:
    """Diff, scores and price, in lines."""
    error = "—" if question.standard_error is None else f"{question.standard_error:.3f}"
    return [
        *map(one_line, question.diff),
        "",
        f"t = {question.t}: {question.parent_val:.3f} → {question.proposed_val:.3f} on val, "
        f"a difference of {question.difference:+.3f} ± {error} (p = {question.p:.2g}, one-sided)",
        f"cost: {question.responses:,} responses, {question.tokens:,} tokens, ${question.dollars:,.4f}",
    ]
