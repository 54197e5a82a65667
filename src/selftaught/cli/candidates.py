"""What a run tried, and how it came to it: `show RUN --candidates`, `--responses`, `show RUN ID`, `diff RUN A B`."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from selftaught.cli import printing
from selftaught.cli.terminal import tell
from selftaught.core.errors import UsageError
from selftaught.report.candidates import Candidate, candidates, idea_of
from selftaught.report.untrusted import many_lines, one_line
from selftaught.runs.folder import RunFolder
from selftaught.runs.records import Answered, Applied, Record, prompt_parts
from selftaught.runs.store import Store

_ID = 8
"""Characters of an id that are shown: enough to tell the texts of one run apart."""
_LEAST_ID = 4
_HEADERS = ("id", "score", "±", "verdict", "utility", "t", "round", "parent", "", "idea")
_RESPONSE_HEADERS = ("id", "model", "t", "for", "tokens", "seconds", "no program")


def show_candidates(folder: RunFolder, store: Store, *, as_json: bool) -> None:
    """Every program that an improver had scored, in the order of the record."""
    found = candidates(store)
    if as_json:
        listed = [{**msgspec.to_builtins(one), "idea": _idea(one, store)} for one in found]
        printing.dump({"schema": "selftaught.candidates/1", "run": folder.path.name, "candidates": listed})
        return
    if not found:
        print("No improver has scored a program yet.")
        return
    rows = [_row(one, _idea(one, store)) for one in found]
    printing.table(
        _HEADERS,
        rows,
        right=("score", "±", "t", "round"),
        spare=("utility", "t", "round", "parent", "±", "idea"),
        free="idea",
    )
    tell(f"To see one in full: selftaught show {folder.path} ID; to compare two: selftaught diff {folder.path} ID ID")


def _row(one: Candidate, idea: str) -> tuple[str, ...]:
    value, error = one.own
    shown = ("" if error is None else f"{error:.3g}", one.verdict, one.utility, f"{one.t}", f"{one.round or ''}")
    return one.program[:_ID], f"{value:.4g}", *shown, one.parent[:_ID], one.fate, one_line(idea, 60)


def _idea(one: Candidate, store: Store) -> str:
    return idea_of(store.text(one.response)) if one.response else ""


def show_responses(folder: RunFolder, store: Store, *, as_json: bool) -> None:
    """Every response, with the reason if it has no program."""
    found = [record for record in store if isinstance(record, Answered)]
    if as_json:
        listed = [msgspec.to_builtins(one) for one in found]
        printing.dump({"schema": "selftaught.responses/1", "run": folder.path.name, "responses": listed})
        return
    if not found:
        print("No response is recorded yet.")
        return
    rows = [
        (
            one.response[:_ID], one.model, f"{one.t}", one.role, f"{one.output_tokens or ''}", f"{one.seconds:.1f}",
            one_line(one.no_program, 60),
        )
        for one in found
    ]  # fmt: skip
    printing.table(
        _RESPONSE_HEADERS,
        rows,
        right=("t", "tokens", "seconds"),
        spare=("model", "for", "seconds", "t"),
        free="no program",
    )
    without = sum(bool(one.no_program) for one in found)
    tell(
        f"{len(found)} responses, {without} of them without a program. "
        f"To see one in full: selftaught show {folder.path} ID"
    )


def show_one(folder: RunFolder, store: Store, wanted: str, *, as_json: bool) -> None:
    """A program with all that is on record of it; or any other text of the run."""
    id = find_id(store, wanted, folder)
    if as_json:
        printing.dump(_as_json(folder, store, id))
        return
    for title, text in parts_of(store, id):
        print(f"── {title}")
        print(many_lines(text).rstrip("\n"))


def parts_of(store: Store, id: str) -> list[tuple[str, str]]:
    """(title, text) of all that is on record of a text, in the order in which it came to be."""
    records = list(store)
    return list(_parts(store, id, *_about(records, id), records))


def _about(records: Sequence[Record], id: str) -> tuple[list[Candidate], list[Answered]]:
    """The scores of a program, and the responses that a text is, or was the prompt of."""
    scored = [one for one in candidates(records) if one.program == id]
    return scored, [one for one in records if isinstance(one, Answered) and id in (one.response, one.prompt)]


def _as_json(folder: RunFolder, store: Store, id: str) -> dict[str, Any]:
    scored, answered = _about(list(store), id)
    ids = {one for scores in scored for one in (scores.response, scores.prompt, scores.feedback, scores.parent)}
    ids |= {one for record in answered for one in (record.response, record.prompt, record.reasoning)}
    return {
        "schema": "selftaught.text/1",
        "run": folder.path.name,
        "id": id,
        "text": store.text(id),
        "candidates": [msgspec.to_builtins(one) for one in scored],
        "responses": [msgspec.to_builtins(record) for record in answered],
        "texts": {one: store.text(one) for one in sorted(ids) if one},
    }


def _parts(
    store: Store, id: str, scored: Sequence[Candidate], answered: Sequence[Answered], records: Iterable[Record]
) -> Iterator[tuple[str, str]]:
    """Titles and texts, in the order in which they came to be."""
    if not scored and answered:
        yield from _response_parts(store, id, answered[0])
        return
    first = next((one for one in scored if one.response), scored[0] if scored else None)
    if first is not None and first.prompt:
        yield from _prompt(store, first.prompt)
    if first is not None and first.response:
        yield f"the response, {first.response[:_ID]}", store.text(first.response)
    yield f"the program, {id[:_ID]}", store.text(id)
    for one in scored:
        yield f"scored in {one.application or 'the run itself'}", "\n".join(_facts(one))
    feedback = next((one.feedback for one in scored if one.feedback), "")
    if feedback:
        yield "its feedback, as improvers read it", store.text(feedback)
    for record in records:
        if isinstance(record, Applied) and record.improver == id:
            yield f"applied at {record.at}", f"{record.verdict}, {record.model_calls} model calls{_note(record.note)}"


def _facts(one: Candidate) -> Iterator[str]:
    value, error = one.own
    yield f"{one.utility}: {value:.6g}{'' if error is None else f' ± {error:.3g}'}, {one.verdict}{_note(one.note)}"
    if one.parent:
        yield (
            f"made from {one.parent[:_ID]}, in model call {one.round}" if one.round else f"made from {one.parent[:_ID]}"
        )
    if one.salvaged:
        yield "returned as the best, because the improver failed"
    elif one.made:
        yield "the result of the application"
    if one.grades:
        yield f"grades by instance: {' '.join(f'{grade:.3g}' for grade in one.grades)}"


def _note(note: str) -> str:
    return f" ({one_line(note)})" if note else ""


def _response_parts(store: Store, id: str, record: Answered) -> Iterator[tuple[str, str]]:
    yield from _prompt(store, record.prompt)
    if id == record.prompt:
        return
    if record.reasoning:
        yield "the model's reasoning", store.text(record.reasoning)
    yield f"the response of {record.model}, {record.response[:_ID]}", store.text(record.response)
    if record.no_program:
        yield "why it has no program", record.no_program


def _prompt(store: Store, id: str) -> Iterator[tuple[str, str]]:
    system, user = prompt_parts(store.text(id))
    yield f"the prompt, {id[:_ID]}: expertise", system
    yield "the prompt: message", user


def show_diff(folder: RunFolder, store: Store, before: str, after: str) -> None:
    """Two texts of a run as a unified diff, in colours on a terminal."""
    old, new = (find_id(store, wanted, folder) for wanted in (before, after))
    printing.print_diff(store.text(old), store.text(new))


def is_id(text: str) -> bool:
    """Whether it can be the beginning of an id."""
    return re.fullmatch(rf"[0-9a-f]{{{_LEAST_ID},64}}", text) is not None


def find_id(store: Store, wanted: str, folder: RunFolder) -> str:
    """The id of a text of the run that begins so. Raises UsageError where none does, or several do."""
    if not is_id(wanted):
        raise UsageError(
            f"{wanted!r} is not an id: wanted at least {_LEAST_ID} of its characters, from 0 to 9 and a to f; "
            f"selftaught show {folder.path} --candidates lists them"
        )
    found = store.ids(wanted)
    if not found:
        raise UsageError(
            f"{folder.path.name} has no text {wanted}; selftaught show {folder.path} --candidates lists them"
        )
    if len(found) > 1:
        raise UsageError(
            f"{len(found)} ids start with {wanted}, such as {found[0][:12]} and {found[1][:12]}: give more characters"
        )
    return found[0]
