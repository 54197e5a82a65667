"""Whatever keeps a record from being written, the run ends and says so; it never waits for ever."""

import json
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cli.support import selftaught
from openai_server import Fault, OpenAIServer, improve_anything

RUN = ["run", "string-grid-distance", "--model", "openai/small", "--depth", "1", "--repeats", "1", "--no-probes"]
HALF = r"half (\?|\\ud800)"
"""In any form that can be stored."""
BUDGETS = ["--model-calls", "2", "--responses", "2", "--utility-calls", "4", "--out", "r"]


@pytest.mark.parametrize(
    ("fault", "kept"),
    [
        (Fault(changed={"model": "half \ud800"}), ("answered", "model", HALF)),
        (Fault(500, message="half \ud800"), ("tried", "error", HALF)),
    ],
    ids=["in an answer", "in an error"],
)
def test_half_characters_from_a_server_are_on_record_in_another_form(
    tmp_path: Path, fault: Fault, kept: tuple[str, str, str]
) -> None:
    with OpenAIServer(improve_anything, faults=iter([fault])) as server:
        done = selftaught(*RUN, *BUDGETS, "--base-url", server.base_url, cwd=tmp_path, OPENAI_API_KEY="k")
    assert done.returncode == 0, done.stderr
    kind, field, text = kept
    found = [record[field] for record in records(tmp_path / "r") if record["kind"] == kind]
    assert any(re.search(text, one) for one in found), found
    assert selftaught("show", "r", cwd=tmp_path).returncode == 0


def test_a_store_that_breaks_in_the_middle_ends_the_run_with_exit_code_1(tmp_path: Path) -> None:
    def answer(request: dict[str, Any]) -> str:
        with closing(sqlite3.connect(tmp_path / "r" / "run.sqlite", timeout=30)) as store:
            store.execute("DROP TABLE IF EXISTS records")
        return improve_anything(request)

    with OpenAIServer(answer) as server:
        done = selftaught(*RUN, *BUDGETS, "--base-url", server.base_url, cwd=tmp_path, OPENAI_API_KEY="k")
    assert done.returncode == 1
    assert "cannot write to r/run.sqlite: no such table: records" in done.stderr and "Traceback" not in done.stderr


def test_a_disk_that_fills_between_two_barriers_costs_nothing_that_is_on_record(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    alone = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
    script = Path(__file__).with_name("full_disk.py")
    done = subprocess.run(
        [*alone, sys.executable, str(script), str(tmp_path / "disk"), "3"],
        env={**os.environ, "PYTHONPATH": str(script.parents[1])},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "database or disk is full; make room there and resume the run" in done.stdout


def records(folder: Path) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(folder / "run.sqlite")) as store:
        return [json.loads(body) for (body,) in store.execute("SELECT body FROM records ORDER BY seq")]
