"""SIGKILL while improvers are scored that nobody asked for: the run comes out as one that never guessed."""

from pathlib import Path

from durability import world
from durability.test_kill_after_every_record import content, go_on, has_ended, in_a_child, records
from selftaught.middleware.gate import Gate
from selftaught.report.view import view
from selftaught.runs.folder import RunFolder
from selftaught.runs.records import Answered, Ended, Session
from selftaught.runs.store import Store
from selftaught.sandbox.choice import open_sandbox
from selftaught.wiring.replay import replay


def finished(folder: Path, speculate: str) -> Path:
    world.prepare(folder, "first", speculate=speculate, common_draws="off")
    if speculate == "off":
        assert in_a_child(folder, None) == 0
    return folder


def history(folder: Path) -> set[tuple[object, ...]]:
    """Without responses that were bought in vain."""
    with Store.open(folder / "run.sqlite", writable=False) as store:
        kept = [record for record in store if not isinstance(record, (Session, Ended))]
    scored = {record.at for record in kept}
    in_vain = {r.at for r in kept if isinstance(r, Answered) and r.guessed and score_of(r.at) not in scored}
    return {content(record) for record in kept if record.at not in in_vain} - {()}


def score_of(at: str) -> str:
    """The address of the candidate's score, two below the run."""
    return "/".join(at.split("/")[:3])


def test_a_run_that_guesses_and_is_killed_again_and_again_comes_out_as_one_that_does_not(tmp_path: Path) -> None:
    plain, killed = finished(tmp_path / "plain", "off"), finished(tmp_path / "killed", "all")
    kills = 0
    while not has_ended(killed):
        go_on(killed, after=1 + kills % 5)
        kills += 1
        assert kills < 3 * records(plain), "it does not get on"
    assert kills > 5
    assert in_a_child(killed, None) == 0
    assert history(killed) == history(plain)
    assert (killed / "best_improver.py").read_text() == (plain / "best_improver.py").read_text()
    with Store.open(killed / "run.sqlite", writable=False) as store:
        assert view(store).guesses.responses <= 2  # of the other candidate: each once, though it was begun often
    with open_sandbox("auto", 1) as sandbox:
        found = replay(RunFolder(killed), sandbox, lambda record: None, Gate())
    assert found.finished and not found.differences
