"""Pictures of Phoenix and MLflow for docs/monitoring.md; benchmarks/platforms.py runs it where Playwright is installed.

Arguments: the platform, its URL, the folder with spans.json and room for a profile, the folder for the pictures.
"""

import json
import sys
import urllib.request
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, sync_playwright

_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
_LONGEST_MILLISECONDS = 120_000
_REST_MILLISECONDS = 3000


def phoenix(page: Page, url: str, spans: list[dict[str, Any]], pictures: Path) -> None:
    """Lists, one call, one failure, cost."""
    with urllib.request.urlopen(f"{url}/v1/projects") as answer:
        project = next(one["id"] for one in json.load(answer)["data"] if one["name"] == "selftaught")
    with urllib.request.urlopen(f"{url}/v1/projects/selftaught/spans?limit=1000") as answer:
        ids = {one["context"]["span_id"]: one["id"] for one in json.load(answer)["data"]}

    def of(span: dict[str, Any]) -> str:
        return f"traces/{span['trace']}?selectedSpanNodeId={ids[span['span']]}"

    call = next(span for span in spans if span["kind"] == "LLM" and "selftaught.attempt_failed" in span["events"])
    failure = next(span for span in spans if span["kind"] == "EVALUATOR" and "ValueError" in (span["message"] or ""))
    for name, path, wanted in (
        ("traces", "traces", "finished: "), ("response", of(call), "Invocation Params"),
        ("failure", of(failure), "no idea"),
        ("metrics", "metrics", "Top models by cost"), ("sessions", "sessions", "whole-"),
    ):  # fmt: skip
        page.goto(f"{url}/projects/{project}/{path}")
        take(page, pictures / f"phoenix-{name}.png", wanted)


def mlflow(page: Page, url: str, spans: list[dict[str, Any]], pictures: Path) -> None:
    """Lists, one run, usage."""
    page.goto(f"{url}/#/experiments/0/traces")
    await_text(page, "improve sorting")
    for button in ("Got it", "Close"):
        for one in page.get_by_role("button", name=button).all():
            if one.is_visible():
                one.click()
    take(page, pictures / "mlflow-traces.png", "improve sorting")
    page.get_by_text("improve sorting").first.click()
    take(page, pictures / "mlflow-trace.png", "Outputs")
    page.goto(f"{url}/#/experiments/0/overview/usage")
    take(page, pictures / "mlflow-overview.png", "Latency")


def take(page: Page, picture: Path, wanted: str) -> None:
    """Once the page shows this, and has come to rest."""
    await_text(page, wanted)
    page.mouse.move(0, 0)
    page.wait_for_timeout(_REST_MILLISECONDS)
    page.screenshot(path=picture)
    print(picture)


def await_text(page: Page, wanted: str) -> None:
    """Until it stands on the page."""
    page.get_by_text(wanted).first.wait_for(timeout=_LONGEST_MILLISECONDS)


def browser(profile: Path) -> BrowserContext:
    """Debian's chromium, with a profile of its own."""
    return playwright.chromium.launch_persistent_context(
        profile, executable_path="/usr/bin/chromium", headless=True, args=list(_FLAGS),
        viewport={"width": 1280, "height": 800},
    )  # fmt: skip


if __name__ == "__main__":
    with sync_playwright() as playwright:
        context = browser(Path(sys.argv[3]) / "profile")
        show = {"phoenix": phoenix, "mlflow": mlflow}[sys.argv[1]]
        told = json.loads((Path(sys.argv[3]) / "spans.json").read_text())
        show(context.new_page(), sys.argv[2], told, Path(sys.argv[4]))
        context.close()
