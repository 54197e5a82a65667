"""What is printed passes one place: nothing steers a terminal, and nothing ends because nobody reads."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from selftaught.cli.printing import table
from selftaught.cli.terminal import Cleaned, Lasting, columns, environment, folded, print_json
from selftaught.report.figures import escape
from selftaught.report.untrusted import in_table

TITLE = "\x1b]0;TITLE\x07\x1b[2J"
STEERING = [TITLE, "\x9b2J", "a\rb", "\u202eabc", "\b\b\b", "\x00", "\u2066", "\ud800"]


@pytest.mark.parametrize("text", STEERING)
def test_nothing_printed_steers_a_terminal(text: str) -> None:
    into = io.StringIO()
    print(f"a {text} b", file=Cleaned(into))
    assert into.getvalue().endswith(" b\n")
    assert into.getvalue().rstrip("\n").isprintable()


def test_what_can_be_seen_is_printed_as_it_is() -> None:
    into = io.StringIO()
    print("é — ± 🚀 →\n\tx", file=Cleaned(into))
    assert into.getvalue() == "é — ± 🚀 →\n\tx\n"


@pytest.mark.parametrize("text", [*STEERING[:-1], "\U000e0001", "é🚀"])
def test_json_keeps_its_value_and_steers_nothing(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    into = io.StringIO()
    monkeypatch.setattr(sys, "stdout", Cleaned(into))
    print_json({text: [text]})
    assert json.loads(into.getvalue()) == {text: [text]}
    assert into.getvalue().replace("\n", "").isprintable()


@pytest.mark.parametrize("text", [TITLE, "\u202e"])
def test_drawings_and_tables_steer_nothing(text: str) -> None:
    assert escape(f"<{text}").isprintable()
    assert in_table(text).isprintable()


@pytest.mark.parametrize("cell", ["=1+1", "@SUM(A1)", "+1", "-cmd|' /C calc'!A0"])
def test_no_cell_of_a_table_is_a_formula(cell: str) -> None:
    assert in_table(cell) == f"'{cell}"


@pytest.mark.parametrize("kind", [Lasting, Cleaned])
def test_a_reader_that_goes_away_ends_nothing(kind: type[Lasting]) -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as stream:
        printed = kind(stream)
        os.close(reading)
        for _ in range(3):
            print("x" * 100_000, file=printed, flush=True)


def test_closed_streams_are_opened_on_nothing(tmp_path: Path) -> None:
    """Else a socket of ours would take their numbers."""
    task = tmp_path / "task.py"
    task.write_text(
        '"""Give back a number. Write algorithm(n)."""\nSEED = "def algorithm(n):\\n    return n\\n"\n'
        "def instances(rng, split):\n    yield (1,), None\n"
        "def grade(instance, answer):\n    return float(answer == 1)\n"
    )
    (tmp_path / "p.py").write_text("def algorithm(n):\n    return n\n")
    words = f"exec {sys.executable} -m selftaught score {task} {tmp_path}/p.py <&- >&- 2>&-"
    assert subprocess.run(["bash", "-c", words], timeout=100).returncode == 0


class Screen(io.StringIO):
    """A terminal, as far as streams tell."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "told", "width"),
    [
        (io.StringIO(), "", None),  # no terminal: a line is as long as it is
        (io.StringIO(), "40", 40),
        (io.StringIO(), "3", 20),
        (io.StringIO(), "wide", None),
        (Screen(), "", 80),
        (Screen(), "60", 60),
    ],
)
def test_a_line_is_as_wide_as_columns_says_or_the_terminal_is(
    stream: io.StringIO, told: str, width: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", told)
    assert columns(stream) == width


def test_sentences_are_broken_between_words_and_paths_are_not_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    assert folded("go on with: selftaught resume runs/20261129-112546-parity-6503", io.StringIO()) == (
        "go on with:\n  selftaught resume\n  runs/20261129-112546-parity-6503"
    )


def test_a_narrow_table_drops_columns_before_it_cuts_and_cuts_nothing_in_a_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    table(
        ("id", "tokens", "idea"),
        [("0123456789abcdef", "1,234", "a long idea of many words")],
        spare=("tokens",),
        free="idea",
    )
    assert capsys.readouterr().out.splitlines()[1] == "0123456789abcdef  a long idea of many words"


# .env


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.endswith(("_API_KEY", "_BASE_URL")) or name.startswith("OTEL_"):
            monkeypatch.delenv(name)
    return tmp_path


@pytest.mark.parametrize(
    ("key", "server"),
    [
        ("OPENAI_API_KEY", "OPENAI_BASE_URL"),
        ("GOOGLE_API_KEY", "GOOGLE_GEMINI_BASE_URL"),
    ],
)
def test_a_dotenv_file_does_not_send_the_environments_key_anywhere(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], key: str, server: str
) -> None:
    monkeypatch.setenv(key, "sk-mine")
    (folder / ".env").write_text(f"{server}=http://elsewhere\n")
    assert server not in environment()
    assert server in capsys.readouterr().err
    (folder / ".env").write_text(f"{server}=http://elsewhere\n{key}=sk-theirs\n")
    assert environment()[server] == "http://elsewhere"


def test_a_dotenv_file_names_a_server_where_there_is_no_key(folder: Path) -> None:
    (folder / ".env").write_text("OPENAI_BASE_URL=http://localhost:1\n")
    assert environment()["OPENAI_BASE_URL"] == "http://localhost:1"


def test_a_folder_called_dotenv_is_none(folder: Path) -> None:
    (folder / ".env").mkdir()
    assert "PATH" in environment()
