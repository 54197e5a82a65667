"""The view is a pure fold; what is shown of it is honest, and safe to look at."""

from html.parser import HTMLParser
from pathlib import Path

import pytest

from selftaught.core.measurement import Estimate
from selftaught.report import tables
from selftaught.report.as_json import as_json
from selftaught.report.page import page, script
from selftaught.report.untrusted import many_lines, one_line
from selftaught.report.view import Spent, view
from selftaught.runs.records import Answered, Applied, Ended, Measured, Record, Sampled, Scored, Session, Stepped
from selftaught.runs.store import Store, text_id

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(1)>\x00\u202e\x1b[31m'
SEED, BETTER = (
    "def improve_algorithm(s, u, l):\n    return s\n",
    f"# {HOSTILE}\ndef improve_algorithm(s, u, l):\n    return u\n",
)
CONFIG = {"kind": "run", "tasks": ["t"], "model": HOSTILE, "accept": "better", "depth": 1}


def sampled(val: float, test: float) -> Sampled:
    return Sampled(
        task="t", program=None, verdict="ok", note="", val=val, val_verdict="ok", test=test, test_verdict="ok"
    )


def measured(source: str, *scores: tuple[float, float]) -> Measured:
    return Measured(
        at=f"/measure:{text_id(source)[:8]}", improver=text_id(source), samples=[sampled(*s) for s in scores], seconds=1
    )


def stepped(t: int, source: str, *, accepted: bool = True, verdict: str = "ok", note: str = "") -> Stepped:
    return Stepped(
        at=f"/step#{t}",
        t=t,
        improver=text_id(source),
        proposed=text_id(source),
        accepted=accepted,
        verdict=verdict,
        note=note,
    )


def answered(number: int, tokens: int | None) -> Answered:
    return Answered(
        at=f"/ask#{number}", prompt="p", temperature=0.7, response="r", model="m", input_tokens=tokens,
        output_tokens=tokens, finish_reason="stop", seconds=1,
    )  # fmt: skip


def scored(number: int, verdict: str = "ok", note: str = "", *, reused: bool = False) -> Scored:
    return Scored(
        at=f"/s#{number}", utility="t/val", program="p", value=0.5, verdict=verdict, note=note, reused=reused, seconds=0
    )


RUN: list[Record] = [
    Session(at="/session#0", time=100.0, version="1", tier="landlock", model="m"),
    answered(0, 10),
    scored(0),
    scored(1, "crashed", HOSTILE),
    measured(SEED, (0.2, 0.1), (0.4, 0.3)),
    stepped(0, SEED),
    answered(1, None),
    scored(2, reused=True),
    Applied(
        at="/a", improver="i", utility="t/val", solution="s", program=None, verdict="timed out", note="slow",
        model_calls=2, responses=3, utility_calls=1, seconds=1,
    ),  # fmt: skip
    measured(BETTER, (0.8, 0.7), (1.0, 0.9)),
    stepped(1, BETTER, note=HOSTILE),
    Ended(at="/ended#0", how="finished", note=""),
]  # fmt: skip


def rounded(value: Estimate | None) -> Estimate:
    assert value is not None and value.standard_error is not None
    return Estimate(round(value.mean, 9), round(value.standard_error, 9), value.n)


def test_the_view_tells_each_step_with_what_was_spent_on_it() -> None:
    run = view(RUN)
    first, second = run.steps
    assert (rounded(first.val), rounded(second.test)) == (Estimate(0.3, 0.1, 2), Estimate(0.8, 0.1, 2))
    assert first.spent == Spent(responses=1, input_tokens=10, output_tokens=10, unpriced=1, scores_run=2)
    assert second.spent == Spent(responses=1, uncounted=1, unpriced=1, scores_reused=1, applications=1, model_calls=2)
    assert (run.best, run.status, len(run.failures)) == (1, "finished", 2)


@pytest.mark.parametrize("cut", range(len(RUN) + 1))
def test_a_run_cut_off_anywhere_can_be_shown(cut: int) -> None:
    run = view(RUN[:cut])
    assert tables.rows(run) is not None and tables.summary(run, "better")
    assert as_json(run, CONFIG, "r")["schema"] == "selftaught.run/1"
    assert "<!doctype html>" in page(run, CONFIG, lambda id: SEED, title="r")


def test_equal_measurements_keep_the_earlier_improver_as_best() -> None:
    records: list[Record] = [
        measured(SEED, (0.5, 0.5)),
        stepped(0, SEED),
        measured(BETTER, (0.5, 0.9)),
        stepped(1, BETTER),
    ]
    run = view(records)
    assert run.best == 0
    assert any("No improvement" in line for line in tables.summary(run, "paper"))


def test_a_gain_within_the_noise_is_called_that() -> None:
    noisy: list[Record] = [
        measured(SEED, (0.0, 0), (1.0, 0)),
        stepped(0, SEED),
        measured(BETTER, (0.1, 0), (1.0, 0)),
        stepped(1, BETTER),
    ]
    clear: list[Record] = [
        measured(SEED, (0.1, 0), (0.1, 0)),
        stepped(0, SEED),
        measured(BETTER, (0.9, 0), (0.9, 0)),
        stepped(1, BETTER),
    ]
    assert "within the noise" in tables.summary(view(noisy), "better")[-1]
    assert "within the noise" not in tables.summary(view(clear), "better")[-1]


def test_a_single_value_has_no_standard_error_and_a_dash_says_so() -> None:
    run = view([measured(SEED, (0.5, 0.25)), stepped(0, SEED)])
    assert tables.rows(run)[0][2:4] == ("0.500 ± —", "0.250 ± —")


class Parser(HTMLParser):
    """Collects what a browser would see as elements; fails on an end without its beginning."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        assert not any(name.startswith("on") or name in ("src", "href") for name, _ in attrs)
        if tag not in ("meta", "line", "circle", "polyline"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_what_a_guest_or_a_model_wrote_is_only_ever_text_in_the_page() -> None:
    sources = {text_id(SEED): SEED, text_id(BETTER): BETTER}
    html = page(view(RUN), CONFIG, sources.__getitem__, title=HOSTILE)
    parser = Parser()
    parser.feed(html)
    assert not parser.open and not parser.seen & {"img", "link", "iframe", "object"}
    assert html.count("<script") == 1 and html.endswith(f"<script>{script()}</script>\n</body>\n</html>")
    assert not set(html) & {"\x00", "\u202e", "\x1b"}
    assert "&lt;script&gt;" in html and "default-src &#39;none&#39;" not in html


def test_the_page_shows_each_change_of_the_lineage() -> None:
    sources = {text_id(SEED): SEED, text_id(BETTER): BETTER}
    html = page(view(RUN), CONFIG, sources.__getitem__, title="r")
    assert '<span class="removed">-    return s</span>' in html
    assert '<span class="added">+    return u</span>' in html


def test_json_of_a_real_store_is_plain(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "run.sqlite")
    for record in RUN:
        store.append(record)
    found = as_json(view(store), CONFIG, "r")
    assert found["best"] == 1 and found["steps"][1]["val"] == {
        "mean": pytest.approx(0.9), "standard_error": pytest.approx(0.1), "n": 2,
    }  # fmt: skip


def test_untrusted_text_is_made_safe_to_look_at() -> None:
    assert one_line("a\nb\x1b[31m\u202ec", 20) == "a b [31m c"
    assert one_line("x" * 300, 10) == "x" * 9 + "…"
    assert many_lines("a\tb\r\n\x00") == "a\tb‹U+000D›\n‹U+0000›"
