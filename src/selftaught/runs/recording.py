"""A run as one small file: gzip over one JSON object. A portable demonstration of somebody else's model.

It holds the record with its texts, and the frozen configuration and inputs. No key or environment is in any of them.
"""

import gzip
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from selftaught.core.errors import RecordError
from selftaught.runs.folder import CONFIG, INPUTS, RunFolder
from selftaught.runs.records import Answered, Applied, Measured, Noticed, Record, Scored, Stepped
from selftaught.runs.store import Store, text_id

SCHEMA = "selftaught.recording/2"
MOST_BYTES = 256 << 20
"""Of a recording, unpacked."""
_GZIP = 16 + zlib.MAX_WBITS
_CHUNK_BYTES = 1 << 20
_MOST_PARTS = 50
"""Of a name of an input."""
READABLE = ("selftaught.recording/1", SCHEMA)
Shape = TypeVar("Shape", "_Stamp", "Recording")


class _Stamp(msgspec.Struct, frozen=True):
    schema: str


class Recording(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """All of a run.

    `files`: config.toml and inputs/*, by their names in the run's folder. `odd_texts`, `odd_files`: as bytes, those
    that are not Unicode, since a guest may send half characters, and a file name may hold any bytes.
    """

    schema: str
    selftaught: str
    files: dict[str, str]
    texts: list[str]
    odd_texts: list[bytes]
    records: list[Record]
    odd_files: dict[str, bytes] = {}

    @property
    def all_texts(self) -> list[str]:
        return [*self.texts, *(text.decode("utf-8", "surrogatepass") for text in self.odd_texts)]


def pack(folder: RunFolder, store: Store, version: str) -> bytes:
    """The run's recording; equal runs give equal bytes. Raises RecordError."""
    folder.check_plain()
    try:
        inputs = [folder.config, *folder.inputs()]
        files = {str(file.relative_to(folder.path)): file.read_bytes() for file in inputs}
    except OSError as error:
        raise RecordError(f"the run {folder.path} cannot be read: {error}") from error
    texts = store.texts()
    odd = [text.encode("utf-8", "surrogatepass") for text in texts if not _is_unicode(text)]
    plain, odd_files = _split(files)
    recording = Recording(
        schema=SCHEMA,
        selftaught=version,
        files=plain,
        odd_files=odd_files,
        texts=[text for text in texts if _is_unicode(text)],
        odd_texts=odd,
        records=list(store),
    )
    return gzip.compress(msgspec.json.encode(recording), mtime=0)


def _unpacked(path: Path) -> bytes:
    """The body, by one pass over the file that stops if it is too large or not gzip. Raises RecordError."""
    unpacking, body = zlib.decompressobj(_GZIP), bytearray()
    try:
        with path.open("rb") as packed:
            while not unpacking.eof and (chunk := packed.read(_CHUNK_BYTES)):
                body += unpacking.decompress(chunk, MOST_BYTES + 1 - len(body))
                if len(body) > MOST_BYTES:
                    raise RecordError(
                        f"the recording {path} ({path.stat().st_size:,} bytes) unpacks to more than "
                        f"{MOST_BYTES >> 20} MiB; such a recording is not read"
                    )
            follows = unpacking.unused_data or packed.read(1)
    except OSError as error:
        raise RecordError(f"cannot read the recording {path}: {error.strerror or error}") from error
    except zlib.error as error:
        raise RecordError(f"{path} is not a recording, or is damaged: {error}; copy it again") from error
    if follows or not unpacking.eof:
        trouble = "something follows its end" if follows else "it breaks off"
        raise RecordError(f"the recording {path} is damaged: {trouble}; copy it again")
    return bytes(body)


def read_recording(path: Path) -> Recording:
    """Checked: every text that a record names is there. Raises RecordError."""
    body = _unpacked(path)
    schema = _decode(body, _Stamp, path).schema
    if schema not in READABLE:
        raise RecordError(f"{path} is of schema {schema[:40]!r}; this selftaught reads {' and '.join(READABLE)}")
    recording = _decode(body, Recording, path)
    known = {text_id(text) for text in recording.all_texts}
    lacking = [text for record in recording.records for text in _names(record) if text not in known]
    if lacking or not {CONFIG} & (recording.files.keys() | recording.odd_files.keys()):
        what = f"the text {lacking[0][:12]}…" if lacking else CONFIG
        raise RecordError(f"the recording {path} is damaged: it lacks {what}; copy it again")
    return recording


def unpack(recording: Recording, path: Path) -> RunFolder:
    """The run's folder again, at `path`, which must be empty."""
    folder = RunFolder(path)
    files: dict[str, str | bytes] = {**recording.files, **recording.odd_files}
    for name, text in files.items():
        if name != CONFIG and not _is_input(name):
            raise RecordError(f"the recording contains a file {name[:80]!r}, which no run has")
        folder.write(name, text)
    store = Store.create(folder.store)
    try:
        store.append_all(recording.records, recording.all_texts)
    finally:
        store.close()
    return folder


def _is_input(name: str) -> bool:
    """Whether it is the name of a plain file in the folder of inputs, or of a task's file in `files/`."""
    folder, *below = name.split("/")
    plain = all(part not in ("", ".", "..") and "\0" not in part and len(part) < 200 for part in below)
    deep = len(below) > 1 and below[0] == "files"
    return folder == INPUTS and (len(below) == 1 or deep) and len(below) <= _MOST_PARTS and plain


def _split(files: Mapping[str, bytes]) -> tuple[dict[str, str], dict[str, bytes]]:
    """The files that are UTF-8, as texts; and the others."""
    plain, odd = {}, {}
    for name, body in files.items():
        try:
            plain[name] = body.decode()
        except UnicodeDecodeError:
            odd[name] = body
    return plain, odd


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _decode(body: bytes, shape: type[Shape], path: Path) -> Shape:
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise RecordError(f"{path} is not a recording of a run: {' '.join(str(error).split())[:200]}") from error


def _names(record: Record) -> list[str]:
    """The texts that a record names."""
    match record:
        case Answered():
            return [record.prompt, record.response, *filter(None, [record.reasoning])]
        case Scored():
            return [record.program, *filter(None, [record.feedback])]
        case Noticed():
            return [record.program]
        case Applied():
            return [record.improver, record.solution, *filter(None, [record.program])]
        case Stepped():
            return [record.improver, *filter(None, [record.proposed])]
        case Measured():
            return [record.improver]
    return []
