"""The model `relay:DIR`: each prompt is a file, and so is each reply. Any person or program can be the model.

That may be a model on an air-gapped machine, a chat window, or a person. For each draw there are

    NNNNNN-KEY.prompt.txt    the prompt, to paste without changes
    NNNNNN-KEY.prompt.json   the same for a program: {"system": …, "user": …, "temperature": …}, and its purpose:
                             "run", "role", "task", "t", "application" (the same if they belong together), "address"
    NNNNNN-KEY.reply.txt     the reply, UTF-8: write it under another name and rename it, or just save it

Names sort in the order of asking. KEY says which draw of which run it is, so that after a restart what is answered is
found and not asked again, and equal prompts are as many files as draws. Ours appear whole; a reply is taken when it has
not changed for a moment. Nothing here is ever deleted.
"""

import json
import os
import re
import stat
import threading
import time
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

from selftaught.core.address import here
from selftaught.core.contracts import Completion, Prompt
from selftaught.core.errors import ModelUnavailable, UsageError
from selftaught.core.text import sendable
from selftaught.core.work import work
from selftaught.models.waiting import Waiting

_MOST_BYTES = 64 << 20
_KEY_DIGITS = 16


class Relay:
    """Implements `LanguageModel`. Waits for replies as long as it takes; what `stop` raises ends the wait.

    `seed` is the run's: runs of different seeds share nothing, though they share a folder. Raises UsageError if the
    folder cannot be made.
    """

    def __init__(
        self,
        folder: Path,
        *,
        seed: int,
        stop: Callable[[], None] = lambda: None,
        poll_seconds: float = 0.2,
        settle_seconds: float = 1.0,
        waiting: Waiting | None = None,
    ) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"`model=relay:{folder}`: cannot create the folder: {error.strerror}") from error
        self._folder, self._seed, self._stop = folder, seed, stop
        self._poll_seconds, self._settle_seconds = poll_seconds, settle_seconds
        self._waiting = waiting or Waiting()
        self._lock = threading.Lock()
        self._asked: Counter[str] = Counter()
        self._stems = self._there()
        """Of the draws that were asked, now or by an earlier start: the start of their files' names, by key."""

    def __call__(self, prompts: Sequence[Prompt]) -> list[Completion]:
        stems = [self._ask(prompt) for prompt in prompts]  # all of them lie there before the first is waited for
        with ExitStack() as waits:
            for _ in stems:
                waits.enter_context(self._waiting.of(f"replies in {self._folder}", person=True))
            return [Completion(self._reply(stem), model="relay") for stem in stems]

    def _ask(self, prompt: Prompt) -> str:
        """The name of the draw's files; they are there when this returns."""
        with self._lock:
            key = self._key(prompt)
            if key not in self._stems:
                number = 1 + max((int(name.partition("-")[0]) for name in self._there().values()), default=0)
                stem = f"{number:06}-{key}"
                self._write_prompt(stem, prompt)
                self._stems[key] = stem
            return self._stems[key]

    def _there(self) -> dict[str, str]:
        """The start of the files' names of all draws in the folder, whichever run asked them, by key."""
        try:
            names = [path.name for path in self._folder.iterdir()]
        except OSError as error:
            raise ModelUnavailable(f"cannot write a prompt into {self._folder}: {error.strerror}") from error
        found = (re.fullmatch(r"(\d+-([0-9a-f]+))\.prompt\.txt", name) for name in names)
        return {name[2]: name[1] for name in found if name}

    def _write_prompt(self, stem: str, prompt: Prompt) -> None:
        system, user = sendable(prompt.system), sendable(prompt.user)
        exact = {"system": system, "user": user, "temperature": prompt.temperature, **asdict(work()), "address": here()}
        try:
            self._write(f"{stem}.prompt.json", json.dumps(exact, ensure_ascii=False, indent=1) + "\n")
            self._write(f"{stem}.prompt.txt", f"{system}\n\n{user}\n" if system else f"{user}\n")
        except OSError as error:
            raise ModelUnavailable(f"cannot write a prompt into {self._folder}: {error.strerror}") from error

    def _key(self, prompt: Prompt) -> str:
        parts = str(self._seed), here(), prompt.system, prompt.user, repr(prompt.temperature)
        draw = sha256(json.dumps(parts).encode()).hexdigest()
        count = self._asked[draw]  # outside a run there is no address, and the order of the prompts identifies draws
        self._asked[draw] += 1
        return sha256(f"{draw}#{count}".encode()).hexdigest()[:_KEY_DIGITS]

    def _write(self, name: str, text: str) -> None:
        """Completely or not at all, also as seen from another machine."""
        draft = self._folder / f".{name}.draft"
        draft.unlink(missing_ok=True)  # of an earlier try; or a link, which is not to be written through
        with draft.open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._folder / name)

    def _reply(self, stem: str) -> str:
        """Its text, once it has any and has not changed for a moment. An empty one is reported, and waited for."""
        file = self._folder / f"{stem}.reply.txt"
        looked_at = None
        with ExitStack() as told:
            while True:
                state = self._settled(file)
                if state != looked_at and (text := self._read(file)).strip():
                    return text
                if state != looked_at:  # an editor makes the file before it fills it
                    looked_at = state
                    told.enter_context(self._waiting.of(f"text in {file}, which is empty", person=True))

    def _settled(self, file: Path) -> tuple[int, int]:
        """Its size and time, once it is there and they have not changed for a moment."""
        seen: tuple[int, int] | None = None
        since = time.monotonic()
        while True:
            with suppress(FileNotFoundError):
                state = file.lstat()
                if not stat.S_ISREG(state.st_mode):
                    kind = "a link" if stat.S_ISLNK(state.st_mode) else "not an ordinary file"
                    raise ModelUnavailable(
                        f"the reply {file} is {kind}, so it is not read; put a file there and resume"
                    )
                now = state.st_size, state.st_mtime_ns
                if now != seen:
                    seen, since = now, time.monotonic()
                elif time.monotonic() - since >= self._settle_seconds:
                    return now
            self._stop()
            time.sleep(self._poll_seconds)

    @staticmethod
    def _read(file: Path) -> str:
        try:
            descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with open(descriptor, "rb") as opened:
                reply = opened.read(_MOST_BYTES + 1)
        except OSError as error:
            raise ModelUnavailable(f"cannot read the reply {file}: {error.strerror}") from error
        if len(reply) > _MOST_BYTES:
            raise ModelUnavailable(f"the reply {file} has more than {_MOST_BYTES >> 20} MiB; replace it and resume")
        if reply.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):  # as some editors on Windows save
            return reply.decode("utf-16", "replace")
        return reply.decode("utf-8-sig", "replace")
