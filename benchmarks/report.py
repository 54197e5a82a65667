"""How large the report of a long run is, and how long it takes: `python benchmarks/report.py [--candidates N]`.

A run of so many candidates, as growth.py makes them; its report is written, and displayed by Debian's chromium where
that is installed. It judges nothing.

write    CPU seconds from the record to the HTML
painted  seconds of wall clock until the browser has painted the page (first contentful paint); loaded: until its script
         has run, which sorts and filters
"""

import argparse
import json
import os
import shutil
import tempfile
import time
from pathlib import Path

from growth import Answers, candidates
from playwright.sync_api import sync_playwright

from selftaught.report.candidates import Candidates
from selftaught.report.page import MOST_CANDIDATES, page
from selftaught.report.view import Fold
from selftaught.runs.store import Store

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
TIMES = """() => {
  const [shown] = performance.getEntriesByType("navigation");
  return JSON.stringify([performance.getEntriesByName("first-contentful-paint")[0]?.startTime, shown.loadEventEnd]);
}"""


def written(folder: Path, count: int) -> tuple[str, float]:
    """The page, and the CPU seconds that it took."""
    with Store.create(folder / "run.sqlite") as store:
        candidates(store, Answers(), count, lambda record: None)
    with Store.open(folder / "run.sqlite", writable=False) as store:
        began, fold = time.process_time(), Fold()
        fold.read(store)
        html = page(
            fold.view(), {"kind": "improve"}, store.text, title="long", candidates=Candidates.of(store, MOST_CANDIDATES)
        )
        return html, time.process_time() - began


def displayed(file: Path) -> tuple[float, float]:
    """Seconds until it was painted, and until it was loaded."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        tab = browser.new_page()
        tab.goto(file.as_uri(), wait_until="load")
        tab.wait_for_function('performance.getEntriesByName("first-contentful-paint").length > 0')
        painted, loaded = json.loads(tab.evaluate(TIMES))
        browser.close()
    return painted / 1000, loaded / 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--candidates", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        html, seconds = written(Path(folder), given.candidates)
        file = Path(folder) / "report.html"
        file.write_text(html)
        print(f"{given.candidates:,} candidates: {file.stat().st_size / 1e6:.2f} MB, write {seconds:.2f} s of CPU")
        for _ in range(given.times if CHROMIUM else 0):
            painted, loaded = displayed(file)
            print(f"painted after {painted:.2f} s, loaded after {loaded:.2f} s; load {os.getloadavg()[0]:.0f}")


if __name__ == "__main__":
    main()
