"""docs/tutorial.md, line by line: its files are written, its commands are run, and what comes out is as it says."""

import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[1] / "docs" / "tutorial.md"
BLOCK = re.compile(r'^(`{3,})(\w+)(?: title="([^"]+)")?\n(.*?)^\1$', re.MULTILINE | re.DOTALL)
OTHER = "the first terminal"


@dataclass(frozen=True)
class Block:
    kind: str
    title: str
    text: str


def blocks() -> list[Block]:
    return [Block(kind, title, text) for _, kind, title, text in BLOCK.findall(PAGE.read_text(encoding="utf-8"))]


def commands(text: str) -> list[tuple[str, str]]:
    """Each command of a block, with what it shows."""
    return [(one.partition("\n")[0], one.partition("\n")[2]) for one in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]]


def as_said(shown: str, said: str) -> bool:
    """Whether it is the same; a line of … alone stands for any lines, … in a line for any of its characters."""
    wanted = "".join(
        r"(?:.*\n)*?" if line == "…" else ".*?".join(map(re.escape, line.split("…"))) + r"\n"
        for line in said.splitlines()
    )
    return re.fullmatch(wanted, shown) is not None


class Reader:
    """Types what the page says, in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.waiting: subprocess.Popen[str] | None = None
        bin = folder / "bin"
        bin.mkdir()
        (bin / "selftaught").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m selftaught "$@"\n')
        (bin / "selftaught").chmod(0o755)
        wide = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
        self.environment = {**wide, "PATH": f"{bin}:{os.environ['PATH']}"}

    def start(self, command: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            ["bash", "-c", command], cwd=self.folder, env=self.environment, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def types(self, command: str, said: str) -> None:
        if "relay:" in command:
            self.waiting = self.start(command)
            while not list(self.folder.glob("box/*.prompt.txt")):
                assert self.waiting.poll() is None, self.waiting.communicate()[0]
                time.sleep(0.05)
            return
        if "…" in command:  # the name of the prompt's files
            (prompt,) = self.folder.glob("box/*.prompt.txt")
            command = command.replace("000001-…", prompt.name.removesuffix(".prompt.txt"))
        shown = self.start(command).communicate()[0]
        assert as_said(shown, said), f"$ {command}\n{shown}"

    def looks_at_the_other(self, said: str) -> None:
        assert self.waiting is not None
        shown = self.waiting.communicate()[0]
        assert as_said(shown, said), shown


@pytest.mark.timeout(170)
def test_the_tutorial_is_true_line_by_line(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    for block in blocks():
        if block.kind == "console":
            for command, said in commands(block.text):
                reader.types(command, said)
        elif block.title == OTHER:
            reader.looks_at_the_other(block.text)
        elif block.title:
            (tmp_path / block.title).write_text(block.text)


def test_a_line_that_is_otherwise_is_found() -> None:
    assert as_said("a 12 b\nc\nd\n", "a … b\n…\nd\n")
    assert not as_said("a 12 b\nc\nd\n", "a … b\nd\n")
    assert not as_said("a 12 c\n", "a … b\n")
