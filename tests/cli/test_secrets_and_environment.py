"""Keys: where they are read from, and that they get nowhere else. And what the command does not import."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from cli.support import QUICK, selftaught
from openai_server import Fault, OpenAIServer, improve_anything

KEY = "sk-planted-9f8e7d6c5b4a39281706"
RUN = ["run", "string-grid-distance", *QUICK[2:], "--depth", "1", "--seed", "5"]


def everything(folder: Path) -> dict[Path, bytes]:
    """Every file below it."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("where", ["environment", ".env"])
def test_a_planted_key_is_in_no_artifact_of_a_run(where: str, tmp_path: Path) -> None:
    """Also not where the server throws it back in its errors, or in a response."""

    def answer(request: dict[str, object]) -> str:
        return improve_anything(request) + f"\n# your key is {KEY[:4]}"

    faults = iter([Fault(status=500, message=f"bad luck, {KEY}"), None, Fault(body="cut"), None])
    if where == ".env":
        (tmp_path / ".env").write_text(f"OPENAI_API_KEY={KEY}\n")
    key = {"OPENAI_API_KEY": KEY} if where == "environment" else {}
    with OpenAIServer(answer, faults=faults, key=KEY) as server:
        model = ["--model", "openai/m", "--base-url", server.base_url]
        done = selftaught("-v", *RUN, *model, "--out", "run", cwd=tmp_path, timeout=120, **key)
        assert done.returncode == 0, done.stderr
    said = done.stdout + done.stderr
    for command in (["show", "run"], ["show", "run", "--json"], ["report", "run"], ["export", "run"]):
        shown = selftaught(*command, cwd=tmp_path, timeout=120, **key)
        said += shown.stdout + shown.stderr
    selftaught("export", "run", "--what", "recording", "--out", "run/packed", cwd=tmp_path, timeout=120, **key)
    assert KEY not in said
    assert [path for path, body in everything(tmp_path / "run").items() if KEY.encode() in body] == []
    assert KEY.encode() not in gzip.decompress((tmp_path / "run" / "packed").read_bytes())


def test_a_refused_key_is_not_shown(tmp_path: Path) -> None:
    with OpenAIServer(improve_anything, key="another") as server:
        model = ["--model", "openai/m", "--base-url", server.base_url, "--out", "run"]
        done = selftaught(*RUN, *model, cwd=tmp_path, OPENAI_API_KEY=KEY)
    assert done.returncode == 1 and "refused the key (401)" in done.stderr and "OPENAI_API_KEY" in done.stderr
    assert KEY not in done.stderr
    assert [path for path, body in everything(tmp_path).items() if KEY.encode() in body] == []


@pytest.mark.parametrize("text", ["OPENAI_API_KEY", "=x\nA=b", 'A="never closed\n', "A B=c\n"])
def test_an_env_file_that_does_not_parse_is_named_with_its_line_and_not_shown(text: str, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"FIRST=fine\n{text}")
    done = selftaught(*RUN, "--model", "openai/m", cwd=tmp_path)
    if text == "OPENAI_API_KEY":  # a name without a value is one that is not set
        assert done.returncode == 1 and "needs a key" in done.stderr
    else:
        assert done.returncode == 2 and ".env does not parse at line 2" in done.stderr
    assert "never closed" not in done.stderr


def test_an_env_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xff\xfe\x00")
    done = selftaught(*RUN, "--model", "openai/m", cwd=tmp_path)
    assert done.returncode == 2 and ".env cannot be read" in done.stderr


def test_help_imports_no_sdk_and_little_else(tmp_path: Path) -> None:
    code = """
import json, sys
sys.argv = ["selftaught", "--help"]
try:
    from selftaught.cli.app import main
    main()
except SystemExit:
    pass
print(json.dumps(sorted(name.partition(".")[0] for name in sys.modules)), file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True)
    loaded = set(json.loads(done.stderr))
    assert not loaded & {"openai", "anthropic", "google", "genai_prices", "httpx", "httpx2", "numpy", "opentelemetry"}
    assert "Commands" in done.stdout
