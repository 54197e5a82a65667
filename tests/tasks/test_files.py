"""FILES and PACKAGES of a task."""

from pathlib import Path

import pytest

from selftaught.config import make_config
from selftaught.core.errors import RecordError, UsageError
from selftaught.runs.folder import RunFolder
from selftaught.runs.recording import pack, read_recording, unpack
from selftaught.runs.store import Store
from selftaught.sandbox.choice import open_sandbox
from selftaught.tasks.judge import Judge
from selftaught.tasks.loading import load_task
from selftaught.wiring.inputs import freeze, load_frozen, load_inputs

TASK = '''"""How many bytes has words.bin? Write algorithm()."""
from pathlib import Path

FILES = {files}
PACKAGES = {packages}
SEED = "def algorithm():\\n    return len(open('words.bin', 'rb').read())\\n"
SIZE = len((Path(FOLDER) / "words.bin").read_bytes())


def instances(rng, split):
    yield (), SIZE


def grade(instance, answer):
    return float(answer == instance[1])
'''


def task(folder: Path, files: object = ("words.bin", "data"), packages: object = ()) -> str:
    (folder / "data" / "sub").mkdir(parents=True)
    (folder / "data" / "sub" / "a.txt").write_text("a")
    (folder / "words.bin").write_bytes(b"\xff\x00\xfe")
    (folder / "count.py").write_text(TASK.format(files=repr(files), packages=repr(packages)))
    return str(folder / "count.py")


def test_a_program_reads_the_files_and_is_told_of_them(tmp_path: Path) -> None:
    spec = load_task(task(tmp_path))
    assert "these to read, in the current folder: data/sub/a.txt, words.bin, no network" in spec.description
    with open_sandbox("auto", 1) as sandbox:
        assert Judge(spec, sandbox, "val", 1)(spec.seed).value == 1.0


def test_a_run_keeps_them_and_so_does_its_recording(tmp_path: Path) -> None:
    inputs = load_inputs(make_config({"tasks": [task(tmp_path / "mine")]}), tmp_path)
    folder = RunFolder(tmp_path / "run")
    freeze(inputs, folder)
    store = Store.create(folder.store)
    (tmp_path / "packed").write_bytes(pack(folder, store, "0"))
    again = unpack(read_recording(tmp_path / "packed"), tmp_path / "again")
    (tmp_path / "mine" / "words.bin").unlink()
    kept = [load_frozen(one).tasks[0].limits.provided.files for one in (folder, again)]
    assert kept == [(("data/sub/a.txt", b"a"), ("words.bin", b"\xff\x00\xfe"))] * 2
    assert again.frozen() == folder.frozen()


def test_a_file_that_was_changed_is_named(tmp_path: Path) -> None:
    inputs = load_inputs(make_config({"tasks": [task(tmp_path / "mine")]}), tmp_path)
    folder = RunFolder(tmp_path / "run")
    freeze(inputs, folder)
    before = folder.frozen()
    (folder.path / "inputs/files/count/data/sub/a.txt").write_text("b")
    with pytest.raises(RecordError, match="inputs/files/count/data/sub/a.txt was changed"):
        folder.check_frozen(before)


def test_a_link_below_the_files_of_a_strangers_run_is_refused(tmp_path: Path) -> None:
    inputs = load_inputs(make_config({"tasks": [task(tmp_path / "mine")]}), tmp_path)
    folder = RunFolder(tmp_path / "run")
    freeze(inputs, folder)
    (folder.path / "inputs/files/count/data/sub/link").symlink_to("/etc/passwd")
    with pytest.raises(RecordError, match="is a link"):
        load_frozen(folder)


@pytest.mark.parametrize(
    ("files", "packages", "told"),
    [
        (["nothing.txt"], [], "FILES names 'nothing.txt', but there is no such file"),
        (["../secret"], [], r"wanted relative paths without"),
        (["/etc/passwd"], [], r"wanted relative paths without"),
        ("words.bin", [], r"wanted relative paths without"),
        (["words.bin"], ["no-such-thing"], "pip install no-such-thing"),
    ],
)
def test_what_is_not_there_is_named(tmp_path: Path, files: object, packages: object, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        load_task(task(tmp_path, files, packages))
