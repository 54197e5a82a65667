"""macOS: the text of the profile, since no Mac has run it. It is never offered."""

import re
import sys

import pytest

from selftaught.core.errors import NoSandbox
from selftaught.sandbox import seatbelt
from selftaught.sandbox.choice import open_sandbox, survey

READABLE = ["/opt/py", '/Users/a "b" \\c/site-packages', "/Users/me (old)/lib;x"]
STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


def bare(text: str) -> str:
    """Without strings and comments: what is left is the structure."""
    return re.sub(r";.*", "", STRING.sub("S", text))


@pytest.mark.parametrize("may_fork", [True, False])
def test_parentheses_balance_and_never_close_what_is_not_open(may_fork: bool) -> None:
    depth = 0
    for character in bare(seatbelt.profile(READABLE, "/opt/py/python", may_fork=may_fork)):
        depth += {"(": 1, ")": -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0


def test_everything_is_denied_first_and_no_network_is_ever_allowed() -> None:
    text = bare(seatbelt.profile(READABLE, "/opt/py/python", may_fork=True))
    rules = re.findall(r"\((version|deny|allow) ([\w*-]+)", text)
    assert rules[:2] == [("version", "1"), ("deny", "default")]
    allowed = [what for action, what in rules if action == "allow"]
    assert allowed == [
        "file-read*", "file-read-data", "file-write-data", "file-read-metadata", "sysctl-read", "signal",
        "process-exec", "process-fork",
    ]  # fmt: skip
    assert "network" not in text and "mach-lookup" not in text and "iokit" not in text


def test_nothing_but_the_null_device_is_written() -> None:
    text = seatbelt.profile(READABLE, "/opt/py/python", may_fork=True)
    assert re.findall(r"\(allow file-write[^)]*\)", text) == ['(allow file-write-data\n  (literal "/dev/null")']


def test_only_the_zygote_may_fork() -> None:
    assert "process-fork" in seatbelt.profile(READABLE, "/p", may_fork=True)
    assert "process-fork" not in seatbelt.profile(READABLE, "/p", may_fork=False)


def test_every_path_is_in_it_quoted() -> None:
    text = seatbelt.profile(READABLE, "/opt/py/python", may_fork=True)
    assert '(subpath "/opt/py")' in text
    assert '(subpath "/Users/a \\"b\\" \\\\c/site-packages")' in text
    assert '(literal "/Users/me (old)")' in text  # a parent: its name, not its content
    assert '(process-exec (literal "/opt/py/python"))' not in text.split("(allow process-exec")[0]


@pytest.mark.parametrize("path", ["/a\nb", "/a\0b", "/a\x1bb"])
def test_a_path_that_no_rule_can_hold_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="control characters"):
        seatbelt.profile([path], "/p", may_fork=True)


def test_the_command_line() -> None:
    inner = ["/opt/py/python", "-c", "pass"]
    profile = seatbelt.profile(READABLE, "/opt/py/python", may_fork=True)
    assert seatbelt.command(READABLE, inner) == ["/usr/bin/sandbox-exec", "-p", profile, *inner]


def test_it_is_listed_with_its_reason_and_never_taken() -> None:
    listed = next(found for found in survey() if found.name == "seatbelt")
    reason = "needs macOS" if sys.platform != "darwin" else "written, not tested on a Mac; not offered"
    assert not listed.works and listed.trouble.startswith(reason)
    with pytest.raises(NoSandbox, match=reason):
        open_sandbox("seatbelt")
