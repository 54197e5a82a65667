"""What waits for a person: prompts of `relay:DIR`, proposals with `--approve`. Answers are files, as by hand."""

import json
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from selftaught.config import RunConfig
from selftaught.core.errors import UsageError
from selftaught.core.model_name import RELAY
from selftaught.report.page import Asked
from selftaught.report.untrusted import many_lines, one_line
from selftaught.runs.folder import RunFolder
from selftaught.runs.records import Session, run_id
from selftaught.runs.store import Store

_MOST_BYTES = 8 << 20
_MOST_SHOWN = 20
_STEM = re.compile(r"\d+-[0-9a-f]+")
_STEP = re.compile(r"t\d+")


def waiting(folder: RunFolder, config: RunConfig, store: Store, here: str) -> tuple[Asked, ...]:
    """All that waits in this run now, the earliest first. `here`: the address of the run's page."""
    found = [*_proposals(folder, here), *_prompts(config, _id_of(folder, store), here)]
    return tuple(found[:_MOST_SHOWN])


def answer(folder: RunFolder, config: RunConfig, fields: dict[str, str]) -> None:
    """Write a person's answer. Raises UsageError if nobody asked, it is answered already, or it is empty."""
    name, text, kind = fields.get("name", ""), fields.get("text", ""), fields.get("answer", "")
    if kind in ("approve", "decline") and _STEP.fullmatch(name):
        told = {"approved": kind == "approve", "note": text.strip()}
        asked, file = (folder.path / "approval" / f"{name}{end}" for end in (".json", ".answer.json"))
        _write(asked, file, json.dumps(told))
    elif kind == "reply" and _STEM.fullmatch(name) and (boxes := _boxes(config)):
        if not text.strip():
            raise UsageError("the reply is empty: write the answer of the model")
        box = next((box for box in boxes if (box / f"{name}.prompt.txt").is_file()), boxes[0])
        _write(box / f"{name}.prompt.txt", box / f"{name}.reply.txt", text)
    else:
        raise UsageError("this answer does not fit the question")


def _write(asked: Path, file: Path, text: str) -> None:
    """Completely or not at all; never overwrites."""
    if not asked.is_file():
        raise UsageError(f"{asked.name} does not wait for an answer")
    draft = file.with_name(f".{file.name}.{os.getpid()}.draft")
    try:
        with draft.open("x", encoding="utf-8", newline="") as opened:
            opened.write(text.replace("\r\n", "\n"))
        os.link(draft, file)  # fails if it exists
    except FileExistsError as error:
        raise UsageError(f"{asked.name} is answered already") from error
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror}") from error
    finally:
        with suppress(OSError):
            draft.unlink()


def _id_of(folder: RunFolder, store: Store) -> str:
    found = store.of(Session)
    return run_id(folder.path.name, found[0]) if found else ""


def _prompts(config: RunConfig, run: str, here: str) -> Iterator[Asked]:
    for box in _boxes(config):
        yield from _prompts_in(box, run, here)


def _boxes(config: RunConfig) -> list[Path]:
    """The folders in which models of this run wait for replies."""
    named = (config.model, config.improver_model, config.task_model, config.program_model)
    relays = (name.removeprefix(RELAY) for name in named if name is not None and name.startswith(RELAY))
    return [Path(folder) for folder in dict.fromkeys(relays)]


def _prompts_in(box: Path, run: str, here: str) -> Iterator[Asked]:
    for file in _listed(box, ".prompt.json"):
        stem = file.name.removesuffix(".prompt.json")
        told = _json(file)
        if not _STEM.fullmatch(stem) or told.get("run") != run or (box / f"{stem}.reply.txt").exists():
            continue
        about = ", ".join(f"{name} {told[name]}" for name in ("role", "task", "t") if told.get(name) is not None)
        yield Asked(
            title=f"A prompt waits for a reply: {one_line(about)}",
            text=many_lines(f"{told.get('system', '')}\n\n{told.get('user', '')}"),
            action=f"{here}/answer",
            name=stem,
            label="The reply, as a model would give it",
            rows=12,
            buttons=(("reply", "Send the reply"),),
        )


def _proposals(folder: RunFolder, here: str) -> Iterator[Asked]:
    for file in _listed(folder.path / "approval", ".json"):
        name = file.name.removesuffix(".json")
        if not _STEP.fullmatch(name) or (file.parent / f"{name}.answer.json").exists():
            continue
        told = _json(file)
        error = told.get("standard_error")
        facts = [
            f"val: {told.get('parent_val')} → {told.get('proposed_val')}",
            f"difference: {told.get('difference')}" + ("" if error is None else f" ± {error}"),
            f"p = {told.get('p')}",
        ]
        diff = told.get("diff")
        lines = [str(line) for line in diff] if isinstance(diff, list) else []
        yield Asked(
            title=f"I_{name[1:]} waits for approval",
            text=many_lines("\n".join([*facts, "", *lines])),
            action=f"{here}/answer",
            name=name,
            label="A note (optional)",
            rows=2,
            buttons=(("approve", "Accept it"), ("decline", "Keep the parent")),
        )


def _listed(folder: Path, ending: str) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.name.endswith(ending) and not path.is_symlink())
    except OSError:
        return []


def _json(file: Path) -> dict[str, Any]:
    """Its contents; empty if it is not an object, is a link, or is too large."""
    try:
        with open(os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as opened:
            told = json.loads(opened.read(_MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}
