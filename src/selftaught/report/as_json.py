"""A view → one stable, versioned object.

schema        "selftaught.run/1"; a change that breaks a reader changes the number
run           the folder's name
status, note  of the last session: finished, interrupted, stopped, failed, running or killed
config        the frozen configuration
sessions      when, in which sandbox, with which model
steps         one for each t: improver (SHA-256), val and test as {mean, standard_error, n}, what became of the
              proposal, what was spent since the step before
best          t of the best improver by val, or null
improvement   of `selftaught improve`: scores before and after, by utility; else null
total         what was spent in all
failures      how often each kind of work ended in each verdict, with a few notes (untrusted text)
noticed       what guests did that was denied or suspicious
"""

from dataclasses import asdict
from typing import Any

import msgspec

from selftaught.report.view import RunView

SCHEMA = "selftaught.run/1"


def as_json(run: RunView, config: dict[str, Any], name: str) -> dict[str, Any]:
    """Plain JSON data: no NaN, no sets, no tuples."""
    body = {
        "schema": SCHEMA,
        "run": name,
        "status": run.status,
        "note": run.note,
        "config": config,
        "sessions": [
            {"time": s.time, "version": s.version, "tier": s.tier, "layers": s.layers, "model": s.model}
            for s in run.sessions
        ],
        "steps": [asdict(step) for step in run.steps],
        "best": run.best,
        "improvement": asdict(run.improvement) if run.improvement else None,
        "total": asdict(run.total),
        "failures": [asdict(failure) for failure in run.failures],
        "noticed": [{"program": n.program, "what": n.what, "note": n.note} for n in run.noticed],
    }
    plain: dict[str, Any] = msgspec.to_builtins(body)
    return plain
