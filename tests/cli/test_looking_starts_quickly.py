"""What only looks at a run loads nothing that runs one, and so starts at once."""

import subprocess
import sys
from pathlib import Path

import pytest

from cli.support import QUICK, in_process

HEAVY = (
    "numpy", "openai", "anthropic", "google.genai", "genai_prices", "rich",
    "selftaught.sandbox", "selftaught.models", "selftaught.wiring.inputs", "selftaught.tasks.loading",
)  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("quick")
    done = in_process("improve", "string-grid-distance", *QUICK[:2], *QUICK[4:], "--out", "runs/r", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("words", [["show"], ["runs"], ["export"], ["report"], ["show", "--json"]])
def test_it_loads_no_numpy_no_sandbox_and_no_sdk(run: Path, words: list[str]) -> None:
    code = (
        "import sys\nfrom selftaught.cli.app import main\n"
        f"sys.argv = ['selftaught', *{words!r}]\n"
        "try:\n    main()\nexcept SystemExit as ended:\n    assert not ended.code, ended.code\n"
        f"print('LOADED', [name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=run, capture_output=True, text=True, check=False)
    assert "LOADED []" in done.stderr, done.stderr
