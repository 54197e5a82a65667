"""A view → one stable, versioned object.

schema        "selftaught.run/1"; a change that breaks a reader changes the number
run           the folder's name
status, note  of the last session: "finished", "interrupted", "stopped", "failed"; "killed" if its end is not
              recorded, "running" if it has not ended; "new" before the first
config        the frozen configuration: the settings that the run's own command takes
sessions      time (seconds since the epoch), selftaught's version, sandbox tier and its layers, model
steps         one for each t: improver and proposed (SHA-256; proposed may be null), accepted, verdict and note of the
              proposal, val, test and proposed_val as {mean, standard_error, n} or null, and what was spent since
              the step before. standard_error is null for n = 1. p: of the test that decided; approved: what a person
              answered, where one was asked; else null
best          t of the best improver by val, or null
improvement   of `selftaught improve`: scores before and after, by utility, with the errors of the latter (where
              scores vary: means of `times`, done anew); verdict and note of the improver; source: the program was
              "returned", had been "scored" by the improver, is of a "response" that it never scored, or was "kept" from
              before; else null
total         what was spent in all; pending, of that, since the last step
failures      how often each kind of work ended in each verdict other than "ok", with a few notes
ledger        what was bought of the model: for each t, role (improver, solution) and model the responses, failed
              attempts, tokens (of the input cached, of the output reasoning), cost in US dollars and the source of the
              prices; `uncounted` and `unpriced` responses lack tokens and cost, `dropped` ones the temperature;
              of `cut` ones the server counted far fewer tokens than the prompt has
probed        for each reported solution and task what its probes for reward hacks found: mean grades before and after,
              p (adjusted; null if nothing depends on chance), whether that flags it, and a note
guesses       scores that were begun before they were asked for: used and unused; what the unused bought of a model:
              responses, tokens, dollars, and how many of the responses are unpriced
no_program    how many responses held no program, by the reason: cut at the token limit, empty, refused …
noticed       what guests did that was denied or suspicious
faults        what tasks' own code did wrong while programs were scored: a grade that raised; each once
corrected     tasks whose file was replaced on the way (`resume --task`), in order

Spending: responses, input_tokens, output_tokens, uncounted (responses whose tokens are not all known, so that the two
sums are lower bounds), unpriced (responses without a known cost), model_calls, applications, scores_run,
scores_reused, scores_guessed, seconds. Notes are for people: one line, cut to length, and in part the words of a guest.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import msgspec

from selftaught.report.untrusted import one_line
from selftaught.report.view import RunView
from selftaught.runs.records import Probed

SCHEMA = "selftaught.run/1"


def as_json(run: RunView, config: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Plain JSON data: no NaN, no sets, no tuples."""
    body = {
        "schema": SCHEMA,
        "run": name,
        "status": run.status,
        "note": one_line(run.note),
        "config": dict(config),
        "sessions": [
            {"time": s.time, "version": s.version, "tier": s.tier, "layers": s.layers, "model": s.model}
            for s in run.sessions
        ],
        "steps": [asdict(step) | {"note": one_line(step.note)} for step in run.steps],
        "best": run.best,
        "improvement": _improvement(run),
        "total": asdict(run.total),
        "pending": asdict(run.pending),
        "failures": [asdict(f) | {"examples": [one_line(note) for note in f.examples]} for f in run.failures],
        "ledger": [asdict(entry) | {"sources": list(entry.sources)} for entry in run.ledger],
        "probed": [_probed(probed) for probed in run.probed],
        "guesses": asdict(run.guesses),
        "no_program": run.no_program,
        "noticed": [{"program": n.program, "what": n.what, "note": one_line(n.note)} for n in run.noticed],
        "faults": [one_line(fault) for fault in run.faults],
        "corrected": list(run.corrected),
    }
    plain: dict[str, Any] = msgspec.to_builtins(body)
    return plain


def _probed(probed: Probed) -> dict[str, Any]:
    findings = [msgspec.structs.asdict(finding) | {"note": one_line(finding.note)} for finding in probed.findings]
    return {"task": probed.task, "program": probed.program, "flagged": probed.flagged, "findings": findings}


def _improvement(run: RunView) -> dict[str, Any] | None:
    made = run.improvement
    return None if made is None else asdict(made) | {"note": one_line(made.note)}
