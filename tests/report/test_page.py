"""The page: one file, well-formed at every stage of a run, and a wall against what guests and models wrote."""

import hashlib
import re
import unicodedata
from base64 import b64encode
from collections.abc import Mapping
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from report.a_run import CHILD, CONFIG, SEED, Pen, a_finished_run
from selftaught.report.page import page, script
from selftaught.report.view import view
from selftaught.runs.records import Ended, Session, Tried
from selftaught.runs.store import Store, text_id

VOID = {"meta"}
ALLOWED = VOID | set(
    "html head title style script body header main section article h1 h2 h3 p em sub small dl div dt dd table thead"
    " tbody tr th td code pre span details summary svg desc g line text polyline path polygon".split()
)
ALLOWED_ATTRIBUTES = set(
    "lang charset name content http-equiv class scope role tabindex aria-label aria-labelledby id viewbox x y x1 x2"
    " y1 y2 points d transform text-anchor".split()
)
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</pre></style><svg/onload=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;script&gt;",
    "<!-- ]]> -->",
    "gnp.\u202eexe\u2066\u200b",
    "nul\x00bell\x07esc\x1b[2J\x9b",
)
ALL_OF_IT = " ".join(HOSTILE)
HOSTILE_CONFIG = {**CONFIG, "model": ALL_OF_IT, "tasks": [ALL_OF_IT], "accept": ALL_OF_IT, ALL_OF_IT: ALL_OF_IT}


class Outline(HTMLParser):
    """Every tag closed where it was opened, none but those that the page is made of; and the text between them."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ALLOWED, tag
        assert {name for name, _ in attrs} <= ALLOWED_ATTRIBUTES, (tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


def html_of(store: Store, config: Mapping[str, object] = CONFIG, title: str = "one") -> str:
    return page(view(store), config, store.text, title=title)


def a_hostile_run(folder: Path) -> Store:
    """Every text of every record is hostile, the ones that only we write too: a folder may come from anywhere."""
    pen = Pen(folder)
    bad, program = ALL_OF_IT, f"{ALL_OF_IT}\n\ud800 lone\n"
    pen.write(Session(at="/session#0", time=1.0, version=bad, tier=bad, layers=[bad, bad], model=bad))
    pen.scored(bad, bad, utility=bad)
    pen.applied(bad, bad, utility=bad)
    pen.measured(SEED, [0.5, 0.6], [0.5, 0.6])
    pen.stepped(0, SEED, None, accepted=True, note=bad)
    pen.stepped(1, SEED, program, accepted=False, verdict=bad, note=bad)
    pen.stepped(2, program, program, accepted=True, note=bad)
    pen.noticed(bad)
    pen.ended(bad, bad)
    return pen.store


def test_nothing_that_was_written_becomes_part_of_the_page(tmp_path: Path) -> None:
    html = html_of(a_hostile_run(tmp_path), HOSTILE_CONFIG, ALL_OF_IT)
    assert html.count("<script") == 1 and html.endswith(f"<script>{script()}</script>\n</body>\n</html>")
    for text in ("<script>alert", "<img", "<svg/", "</pre></style>", "' onmouseover='", "<!-- ]]>"):
        assert text not in html
    shown = Outline(html).text  # fails on any tag or attribute that is not the page's own
    for text in HOSTILE[:7]:
        assert text in shown


def test_nothing_unseen_is_on_the_page(tmp_path: Path) -> None:
    html = html_of(a_hostile_run(tmp_path), HOSTILE_CONFIG, ALL_OF_IT)
    assert {c for c in html if unicodedata.category(c).startswith("C")} == {"\n"}
    assert "‹U+202E›" in html and "‹U+0000›" in html and "‹U+D800›" in html
    assert html.encode("utf-8")


def test_a_flood_is_cut(tmp_path: Path) -> None:
    pen, flood = Pen(tmp_path), "<" * 5_000_000
    pen.scored("crashed", flood[:100_000], utility="u" * 100_000)
    pen.stepped(0, SEED, None, accepted=True)
    pen.stepped(1, flood, flood, accepted=True, note=flood[:100_000])
    for _ in range(300):
        pen.noticed()
    html = html_of(pen.store)
    assert len(html) < 600_000
    assert "4900000 characters more" in html and "100 more are on record" in html


def test_the_page_is_well_formed_after_every_record_of_a_run(tmp_path: Path) -> None:
    store = a_finished_run(tmp_path)
    records = list(store)
    for count in range(len(records) + 1):
        html = page(view(records[:count]), CONFIG, store.text, title="one")
        assert html.startswith("<!doctype html>")
        Outline(html)


def test_an_empty_run_has_a_page(tmp_path: Path) -> None:
    text = Outline(html_of(Pen(tmp_path).store)).text
    assert "Nothing is measured yet." in text and "Lineage" not in text


def test_the_page_shows_what_the_run_was(tmp_path: Path) -> None:
    text = " ".join(Outline(html_of(a_finished_run(tmp_path))).text.split())
    for told in (
        "run · sorting · scripted · finished",
        "val: 0.500 → 0.900 (+0.400 ± 0.141), more than two standard errors of the difference.",
        "1 *",
        "0.900 ± 0.100",
        "+ return l.prompt('', s)[0]",
        "Proposed and not accepted",
        "KeyError: 3",
        "1 run, 1 copied from an equal program's score",
        "25+ (20 in, 5 out; 1 responses without a full count)",
        "landlock: seccomp",
        "depth2",
    ):
        assert told in text, told
    assert "base_url" not in text  # what is not set is not shown


def test_the_page_of_a_run_that_failed_says_why(tmp_path: Path) -> None:
    pen = Pen(tmp_path)
    pen.session()
    pen.write(Tried(at="/tried#0", time=pen.tick(), ask="/ask#0", role="candidate", t=0, error="401", seconds=1.0))
    pen.write(Ended(at="/ended#0", time=pen.tick(), how="failed", note="the key was <refused>"))
    text = " ".join(Outline(html_of(pen.store)).text.split())
    assert "Failures This run failed: the key was <refused> 1 attempt to get a response failed. No program" in text


def test_the_page_of_an_improvement_shows_what_changed(tmp_path: Path) -> None:
    pen = Pen(tmp_path)
    pen.applied(at="/apply:aa#0", texts=("a\n", "b\n"), solution=text_id("a\n"), program=text_id("b\n"))
    html = html_of(pen.store, {**CONFIG, "kind": "improve"})
    assert "The improved program" in Outline(html).text
    assert '<span class="removed">-a</span><span class="added">+b</span>' in html


@pytest.mark.parametrize("lacking", ["kind", "tasks", "model", "accept"])
def test_a_configuration_may_lack_a_setting(tmp_path: Path, lacking: str) -> None:
    Outline(html_of(a_finished_run(tmp_path), {k: v for k, v in CONFIG.items() if k != lacking}))


def test_the_page_forbids_all_scripts_but_its_own_and_all_that_is_elsewhere(tmp_path: Path) -> None:
    html = html_of(a_finished_run(tmp_path))
    (ours,) = re.findall(r"<script>(.*)</script>", html, re.DOTALL)
    of_ours = b64encode(hashlib.sha256(ours.encode()).digest()).decode()
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', html)
    assert unescape(policy) == (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{of_ours}'; base-uri 'none'; "
        "form-action 'none'"
    )
    assert not any(text in html for text in ("http://", "https://", "url(", "@import", "src=", "href="))


def test_equal_records_make_equal_pages(tmp_path: Path) -> None:
    store = a_finished_run(tmp_path)
    assert html_of(store) == html_of(store)
    assert CHILD.splitlines()[0] in html_of(store)
