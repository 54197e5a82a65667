"""The pages in a real browser: report and live page, wide and narrow, light and dark. Skipped where no Chromium is."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from cli.support import env_of
from cli.viewing import viewing
from report.a_run import CHILD, CONFIG, SEED, WORSE, Pen, a_finished_run, identity
from report.test_page import ALL_OF_IT, HOSTILE_CONFIG, a_hostile_run
from selftaught.config import RunConfig, to_toml
from selftaught.report.candidates import Candidates
from selftaught.report.page import page
from selftaught.report.view import view
from selftaught.runs.store import Store

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed: apt-get install chromium"),
    pytest.mark.xdist_group("browser"),
]
SHAPES = [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield opened
        opened.close()


@contextmanager
def tab(browser: Browser, width: int = 1280, scheme: str = "light") -> Iterator[Page]:
    """A page in which nothing may go wrong: no error, no dialog, nothing asked of elsewhere."""
    wrong: list[str] = []
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    opened = context.new_page()
    opened.set_default_timeout(30_000)
    opened.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("dialog", lambda dialog: wrong.append(f"a dialog: {dialog.message}"))
    opened.on("request", lambda request: wrong.append(request.url) if _is_elsewhere(request.url) else None)
    try:
        yield opened
        assert wrong == []
    finally:
        context.close()


def _is_elsewhere(url: str) -> bool:
    return not url.startswith(("file:", "http://127.0.0.1:"))


def written(store: Store, folder: Path, config: dict[str, object] | None = None, title: str = "one") -> str:
    """The address of its report."""
    file = folder / "report.html"
    html = page(view(store), config or CONFIG, store.text, title=title, candidates=Candidates.of(store))
    file.write_text(html, encoding="utf-8")
    return file.as_uri()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("report")
    pen = Pen(folder)
    pen.session()
    pen.measured(SEED, [0.5, 0.5], [0.5, 0.5])
    pen.stepped(0, SEED, None, accepted=True)
    pen.measured(CHILD, [0.9, 0.9], [0.8, 0.8])
    pen.stepped(1, CHILD, CHILD, accepted=True)
    pen.stepped(2, CHILD, WORSE, accepted=False)
    for number, source in enumerate((SEED, CHILD, WORSE)):
        at = f"/propose#0/apply:aa#0/score:c#{number}"
        pen.scored(at=at, utility=f"task-{number}/val", value=(0.25, 0.75, 0.5)[number], program=identity(source))
    pen.ended()
    return written(pen.store, folder)


@pytest.mark.parametrize(("width", "scheme"), SHAPES)
def test_a_report_fits_the_screen_and_has_the_scheme(browser: Browser, report: str, width: int, scheme: str) -> None:
    with tab(browser, width, scheme) as opened:
        opened.goto(report)
        assert opened.evaluate("document.documentElement.scrollWidth") == width
        paper = opened.evaluate("getComputedStyle(document.body).backgroundColor")
        light = int(paper.removeprefix("rgb(").split(",")[0]) > 127
        assert light == (scheme == "light")
        assert opened.locator(".sides").first.is_visible() == (width > 1000)
        assert opened.locator("pre.unified").first.is_visible() == (width < 1000)


def test_candidates_are_sorted_and_filtered(browser: Browser, report: str) -> None:
    with tab(browser) as opened:
        opened.goto(report)
        table = opened.locator("table.sortable")
        scores = table.locator("tbody tr td:nth-child(2)")
        assert scores.all_inner_texts() == sorted(scores.all_inner_texts(), reverse=True)
        table.get_by_role("button", name="score", exact=True).press("Enter")  # by keyboard
        assert scores.all_inner_texts() == sorted(scores.all_inner_texts())
        assert table.locator("th[aria-sort=ascending]").inner_text().startswith("score")
        table.get_by_role("button", name="score", exact=True).click()
        assert scores.all_inner_texts() == sorted(scores.all_inner_texts(), reverse=True)
        opened.get_by_label("Show rows with").fill("task-2")
        assert [row.is_visible() for row in table.locator("tbody tr").all()].count(True) == 1
        assert opened.get_by_role("status").inner_text() == f"1 of {table.locator('tbody tr').count()}"


def test_headings_are_in_the_order_in_which_they_are_read(browser: Browser, report: str) -> None:
    with tab(browser) as opened:
        opened.goto(report)
        levels = [int(found.evaluate("e => e.tagName")[1]) for found in opened.locator("h1, h2, h3").all()]
        assert levels[0] == 1 and levels.count(1) == 1
        assert all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False))
        assert opened.locator("svg[role=img]:not([aria-labelledby])").count() == 0
        assert opened.evaluate("document.documentElement.lang") == "en"


@pytest.mark.parametrize("width", [1280, 390])
def test_hostile_texts_are_only_text(browser: Browser, tmp_path: Path, width: int) -> None:
    with tab(browser, width) as opened:
        opened.goto(written(a_hostile_run(tmp_path), tmp_path, HOSTILE_CONFIG, ALL_OF_IT))
        assert "<script>alert(1)</script>" in opened.locator("h1").inner_text()
        assert opened.evaluate("document.documentElement.scrollWidth") == width
        assert opened.locator("img, iframe, object, embed, a[href]").count() == 0


def kept(folder: Path) -> None:
    folder.mkdir(parents=True)
    config = RunConfig(kind="run", tasks=["sorting"], model="scripted", depth=1)
    (folder / "config.toml").write_text(to_toml(msgspec.to_builtins(config)))
    a_finished_run(folder).close()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_runs_are_listed_opened_and_compared(browser: Browser, tmp_path: Path, width: int, scheme: str) -> None:
    kept(tmp_path / "runs" / "one")
    kept(tmp_path / "runs" / "two")
    with viewing("--port", "0", cwd=tmp_path) as url, tab(browser, width, scheme) as opened:
        opened.goto(url)
        assert opened.evaluate("document.documentElement.scrollWidth") == width
        for name in ("one", "two"):
            opened.get_by_label(f"compare {name}").check()
        opened.get_by_role("button", name="Compare those that are ticked").click()
        opened.get_by_text("one against two, val: +0.0000").wait_for()
        assert opened.evaluate("document.documentElement.scrollWidth") == width
        opened.get_by_role("link", name="all runs").click()
        opened.get_by_role("link", name="one", exact=True).click()
        opened.get_by_role("heading", name="Lineage of improvers").wait_for()
        opened.locator("table.sortable th a").first.click()
        opened.get_by_text("the program,").wait_for()
        opened.get_by_role("link", name="back to the run").click()
        opened.get_by_role("heading", name="Steps").wait_for()


RESPONSE = "I swap two things.\n\n```python\ndef algorithm(samples, true_bits):\n    return true_bits\n```\n"


def test_a_run_is_watched_and_answered_while_it_goes_on(browser: Browser, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "selftaught", "improve", "parity", "--improver", "seed", "--model", "relay:box"]
    command += ["--model-calls", "1", "--responses", "1", "--no-probes", "--out", "runs/asked"]
    with subprocess.Popen(command, cwd=tmp_path, env=env_of({}), stderr=subprocess.DEVNULL) as run:
        try:
            with viewing("--port", "0", cwd=tmp_path) as url, tab(browser) as opened:
                opened.goto(url)
                opened.get_by_role("link", name="asked").click()  # it appears by itself
                reply = opened.get_by_label("The reply, as a model would give it")
                reply.fill(RESPONSE)
                opened.get_by_role("button", name="Send the reply").click()
                opened.get_by_text("· finished").wait_for()  # without a reload
                opened.get_by_role("heading", name="Candidates", exact=True).wait_for()
                assert opened.get_by_text("I swap two things.").count() > 0
                assert reply.count() == 0
            assert run.wait(60) == 0
        finally:
            run.kill()


def test_what_is_being_written_is_kept_when_the_page_grows(browser: Browser, tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "one"
    kept(folder)
    (folder / "approval").mkdir()
    (folder / "approval" / "t1.json").write_text('{"diff": ["+x"]}')
    with viewing("one", "--port", "0", cwd=tmp_path) as url, tab(browser) as opened:
        opened.goto(url)
        opened.get_by_label("A note (optional)").fill("half a sent")
        (folder / "approval" / "t2.json").write_text('{"diff": ["+y"]}')
        opened.get_by_role("heading", name="I_2 waits for approval").wait_for()
        assert opened.get_by_label("A note (optional)").first.input_value() == "half a sent"
