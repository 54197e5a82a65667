"""The model `relay`: prompts and replies are files."""

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from models.conformance import PROMPT, LanguageModelSuite
from selftaught.core.address import working_at
from selftaught.core.contracts import LanguageModel, Prompt
from selftaught.core.errors import ModelUnavailable, RunStopped
from selftaught.models.relay import Relay
from selftaught.models.waiting import Waiting


def relay(folder: Path, seed: int = 1, stop: Callable[[], None] = lambda: None) -> Relay:
    return Relay(folder, seed=seed, stop=stop, poll_seconds=0.005, settle_seconds=0.02)


def prompts(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.prompt.txt"))


def answer(prompt: Path, text: str) -> None:
    prompt.with_name(prompt.name.replace(".prompt.", ".reply.")).write_text(text)


class Person:
    """Answers whatever lies in the folder, until told to leave; saves without renaming, as editors do."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.leave = folder, threading.Event()
        self.answered: list[str] = []

    def __enter__(self) -> "Person":
        threading.Thread(target=self.work, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.leave.set()

    def work(self) -> None:
        while not self.leave.wait(0.005):
            for prompt in prompts(self.folder):
                if prompt.name not in self.answered:
                    self.answered.append(prompt.name)
                    answer(prompt, f"answer {len(self.answered)}")


class TestConformance(LanguageModelSuite):
    @pytest.fixture
    def model(self, tmp_path: Path) -> Iterator[LanguageModel]:
        with Person(tmp_path):
            yield relay(tmp_path)


def test_a_prompt_is_a_text_to_paste_and_an_object_for_programs(tmp_path: Path) -> None:
    with Person(tmp_path):
        relay(tmp_path)([PROMPT])
    (text,) = prompts(tmp_path)
    assert text.read_text() == f"{PROMPT.system}\n\n{PROMPT.user}\n"
    exact = json.loads(text.with_suffix(".json").read_text())
    asked = {"system": PROMPT.system, "user": PROMPT.user, "temperature": 0.7}
    outside = {"run": "", "role": "", "task": "", "t": None, "application": "", "address": ""}  # of any run
    assert exact == asked | outside


def test_names_sort_in_the_order_of_asking_and_equal_prompts_are_separate_draws(tmp_path: Path) -> None:
    with Person(tmp_path) as person:
        texts = [one.text for one in relay(tmp_path)([PROMPT, Prompt("", "other", 0.5), PROMPT])]
    assert [path.read_text().startswith("other") for path in prompts(tmp_path)] == [False, True, False]
    assert len(set(texts)) == 3 and sorted(person.answered) == [path.name for path in prompts(tmp_path)]


def stop_at_once() -> None:
    raise RunStopped("enough")


def test_after_a_restart_nothing_that_was_asked_is_asked_again(tmp_path: Path) -> None:
    """Neither what is answered, nor what still waits for its answer."""
    for place in ("/a", "/b"):
        with working_at(place), pytest.raises(RunStopped):
            relay(tmp_path, stop=stop_at_once)([PROMPT])
    first, _ = before = prompts(tmp_path)
    answer(first, "kept")
    again = relay(tmp_path)
    with working_at("/a"):
        assert again([PROMPT])[0].text == "kept"
    with Person(tmp_path), working_at("/b"):
        again([PROMPT])
    assert prompts(tmp_path) == before


def test_runs_of_different_seeds_share_no_answers(tmp_path: Path) -> None:
    for seed in (1, 2):
        with working_at("/a"), pytest.raises(RunStopped):
            relay(tmp_path, seed, stop=stop_at_once)([PROMPT])
    assert [path.name[:6] for path in prompts(tmp_path)] == ["000001", "000002"]


def test_a_reply_that_is_still_being_written_is_not_taken(tmp_path: Path) -> None:
    model = Relay(tmp_path, seed=1, poll_seconds=0.01, settle_seconds=0.3)
    taken: list[str] = []
    asking = threading.Thread(target=lambda: taken.append(model([PROMPT])[0].text))
    asking.start()
    while not prompts(tmp_path):
        time.sleep(0.01)
    reply = Path(str(prompts(tmp_path)[0]).replace(".prompt.", ".reply."))
    reply.touch()
    for length in range(1, 8):
        time.sleep(0.05)
        reply.write_text("x" * length)
    asking.join(10)
    assert taken == ["xxxxxxx"]


def test_no_draft_is_left_and_no_prompt_is_seen_half(tmp_path: Path) -> None:
    with Person(tmp_path):
        relay(tmp_path)([Prompt("", "x" * 100_000, 0.5)] * 20)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_odd_bytes_in_a_reply_are_no_trouble(tmp_path: Path) -> None:
    with working_at("/a"), pytest.raises(RunStopped):
        relay(tmp_path, stop=stop_at_once)([PROMPT])
    (prompt,) = prompts(tmp_path)
    prompt.with_name(prompt.name.replace(".prompt.", ".reply.")).write_bytes(b"\xffok")
    with working_at("/a"):
        assert relay(tmp_path)([PROMPT])[0].text == "\ufffdok"


def test_a_folder_that_is_gone_ends_the_run_with_a_line(tmp_path: Path) -> None:
    folder = tmp_path / "box"
    model = relay(folder)
    folder.rmdir()
    with pytest.raises(ModelUnavailable, match="cannot write a prompt into .*box"):
        model([PROMPT])


@pytest.mark.parametrize("make", [lambda file: file.symlink_to("/etc/hostname"), Path.mkdir, os.mkfifo])
def test_a_reply_that_is_a_link_a_folder_or_a_pipe_is_not_read(tmp_path: Path, make: Callable[[Path], None]) -> None:
    asked = ThreadPoolExecutor(1).submit(relay(tmp_path), [PROMPT])
    while not prompts(tmp_path):
        time.sleep(0.01)
    make(tmp_path / prompts(tmp_path)[0].name.replace(".prompt.", ".reply."))
    with pytest.raises(ModelUnavailable, match="is not read"):
        asked.result(20)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_a_reply_is_read_as_editors_on_windows_save_it(tmp_path: Path, encoding: str) -> None:
    text = "def é(): pass\n"
    data = text.encode(encoding)
    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(relay(tmp_path), [PROMPT])
        while not prompts(tmp_path):
            time.sleep(0.01)
        mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
        prompts(tmp_path)[0].with_name(prompts(tmp_path)[0].name.replace(".prompt.", ".reply.")).write_bytes(
            mark + data
        )
        assert asked.result(60)[0].text == text


def test_an_empty_reply_is_told_of_and_waited_for(tmp_path: Path) -> None:
    waiting = Waiting()
    model = Relay(tmp_path, seed=1, poll_seconds=0.005, settle_seconds=0.02, waiting=waiting)
    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(model, [PROMPT])
        while not prompts(tmp_path):
            time.sleep(0.01)
        assert [wait.what for wait in waiting.all()] == [f"replies in {tmp_path}"]
        answer(prompts(tmp_path)[0], "")
        while not any("which is empty" in wait.what for wait in waiting.all()):
            time.sleep(0.01)
        answer(prompts(tmp_path)[0], "now")
        assert asked.result(60)[0].text == "now" and not waiting.all()


@pytest.mark.parametrize("nothing", [b" \n", b"\xff\xfe", b"\xef\xbb\xbf\r\n"])
def test_a_reply_without_a_word_is_told_of_and_waited_for(tmp_path: Path, nothing: bytes) -> None:
    waiting = Waiting()
    model = Relay(tmp_path, seed=1, poll_seconds=0.005, settle_seconds=0.02, waiting=waiting)
    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(model, [PROMPT])
        while not prompts(tmp_path):
            time.sleep(0.01)
        reply = prompts(tmp_path)[0].with_name(prompts(tmp_path)[0].name.replace(".prompt.", ".reply."))
        reply.write_bytes(nothing)
        while not any(str(reply) in wait.what for wait in waiting.all()):
            time.sleep(0.01)
        answer(prompts(tmp_path)[0], "now")
        assert asked.result(60)[0].text == "now" and not waiting.all()


def test_two_runs_in_one_folder_number_on(tmp_path: Path) -> None:
    first, second = relay(tmp_path, 1), relay(tmp_path, 2)
    with Person(tmp_path):
        for model in (first, second, first):
            model([PROMPT])
    assert [path.name[:6] for path in prompts(tmp_path)] == ["000001", "000002", "000003"]
