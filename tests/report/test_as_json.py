"""The versioned object."""

import json
from pathlib import Path

from report.a_run import CHILD, CONFIG, SEED, Pen, a_finished_run, identity
from selftaught.report.as_json import as_json
from selftaught.report.view import view
from selftaught.runs.records import Chosen

NOTHING = {
    "responses": 0, "input_tokens": 0, "output_tokens": 0, "uncounted": 0, "unpriced": 0, "model_calls": 0,
    "applications": 0, "scores_run": 0, "scores_reused": 0, "scores_guessed": 0, "seconds": 0.0, "shared": 0,
}  # fmt: skip


def test_the_whole_object_of_a_small_run(tmp_path: Path) -> None:
    pen = Pen(tmp_path)
    pen.session()
    pen.answered()
    pen.scored("crashed", "a\u202eb\x9b" + "x" * 500)
    pen.measured(SEED, [0.5], None)
    pen.stepped(0, SEED, None, accepted=True)
    pen.noticed("open\n/etc/passwd")
    pen.ended("failed", "the model\x00 is gone")
    spent = NOTHING | {"responses": 1, "input_tokens": 10, "output_tokens": 5, "unpriced": 1, "scores_run": 1}
    spent["seconds"] = 3.0
    assert as_json(view(pen.store), CONFIG, "one") == {
        "schema": "selftaught.run/1",
        "run": "one",
        "status": "failed",
        "note": "the model is gone",
        "config": CONFIG,
        "sessions": [
            {"time": 1_000_001.0, "version": "1.0", "tier": "landlock", "layers": ["seccomp"], "model": "m"}
        ],
        "steps": [
            {
                "t": 0, "improver": identity(SEED), "proposed": None, "accepted": True, "verdict": "ok", "note": "",
                "val": {"mean": 0.5, "standard_error": None, "n": 1}, "test": None, "proposed_val": None,
                "spent": spent, "p": None, "approved": None,
            }
        ],
        "best": 0,
        "improvement": None,
        "total": spent | {"seconds": 4.0},
        "pending": NOTHING | {"seconds": 1.0},
        "failures": [
            {
                "work": "score of sorting/val", "verdict": "crashed", "count": 1,
                "examples": ["a b " + "x" * 195 + "…"],
            }
        ],
        "ledger": [
            {
                "role": "", "t": 0, "model": "m", "responses": 1, "failed": 0, "input_tokens": 10, "output_tokens": 5,
                "cached_tokens": 0, "reasoning_tokens": 0, "uncounted": 0, "cost": 0.0, "unpriced": 1, "sources": [],
                "dropped": 0, "cut": 0, "seconds": 1.0, "shared": 0, "saved": 0.0,
            }
        ],
        "probed": [],
        "guesses": {"used": 0, "unused": 0, "responses": 0, "tokens": 0, "dollars": 0, "unpriced": 0},
        "no_program": {},
        "noticed": [{"program": "p" * 64, "what": "file denied", "note": "open /etc/passwd"}],
            "faults": [],
            "corrected": [],
    }  # fmt: skip


def test_one_word_counts_the_same_in_the_total_and_in_the_ledger(tmp_path: Path) -> None:
    shown = as_json(view(a_finished_run(tmp_path)), CONFIG, "one")
    for name in ("responses", "uncounted", "unpriced", "input_tokens"):
        assert shown["total"][name] == sum(entry[name] for entry in shown["ledger"])


def test_it_is_plain_json_at_every_stage_of_a_run(tmp_path: Path) -> None:
    records = list(a_finished_run(tmp_path))
    for count in range(len(records) + 1):
        told = as_json(view(records[:count]), CONFIG, "one")
        assert json.loads(json.dumps(told, allow_nan=False)) == told


def test_an_improvement_is_in_it(tmp_path: Path) -> None:
    pen = Pen(tmp_path)
    pen.applied(at="/apply:aa#0", solution="s", program=identity(CHILD))
    assert as_json(view(pen.store), CONFIG, "one")["improvement"] == {
        "verdict": "ok", "note": "", "before": {}, "after": {}, "solution": "s", "made": identity(CHILD),
        "source": "", "gains": {}, "own": {}, "times": 1, "errors": {},
    }  # fmt: skip


def test_what_is_handed_over_is_in_it_whatever_the_improver_made(tmp_path: Path) -> None:
    pen = Pen(tmp_path)
    pen.applied(at="/apply:aa#0", solution="s", program=None, verdict="crashed")
    pen.write(Chosen(at="/chosen#0", program=identity(CHILD), value=0.7, source="scored"), CHILD)
    told = as_json(view(pen.store), CONFIG, "one")["improvement"]
    assert (told["verdict"], told["made"], told["source"]) == ("crashed", identity(CHILD), "scored")
