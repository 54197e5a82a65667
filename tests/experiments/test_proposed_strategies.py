"""What the strategies of many proposals come to, by model; and rehearsals that are kept."""

import os
from pathlib import Path

import pytest

from selftaught.config import Parameters
from selftaught.core.errors import RecordError
from selftaught.experiments.design import Outcome, Result
from selftaught.experiments.kept_rehearsals import FOLDER, keep, kept
from selftaught.experiments.proposed_strategies import Proposal, result
from selftaught.experiments.traces import Asked, Scored, Trace
from selftaught.runs.records import META_UTILITY, Session
from selftaught.runs.records import Scored as ScoreRecord
from selftaught.statistics import fisher_exact, holm


def run(name: str, model: str, *proposals: str) -> Outcome:
    """A run of a model, whose proposals name what they follow."""
    session = Session(at="/session#0", version="", tier="", model=model)
    scores = [
        ScoreRecord(
            at=f"/t:1/score:{number}", utility=META_UTILITY, program=f"{number} {text}", value=0.5, verdict="ok",
            note="", reused=False, seconds=0.0,
        )
        for number, text in enumerate(proposals)
    ]  # fmt: skip
    return Outcome([session, *scores], lambda text: text, name)


def follows(proposal: Proposal) -> frozenset[str] | None:
    named = proposal.source.partition(" ")[2]
    return None if named == "?" else frozenset(filter(None, named.split("+")))


def of(*runs: Outcome) -> Result:
    given = Parameters(experiment="strategies", tasks=["runs"], models=["scripted"], seed="1:salt")
    return result(given, {one.folder: one for one in runs}, follows)


def rows(result: Result, table: str) -> list[dict[str, object]]:
    found = next(one for one in result.tables if one.name == table)
    return [dict(zip(found.headers, row, strict=True)) for row in found.rows]


BEAM, BOTH = "beam search", "beam search+caching"


def test_each_model_has_its_own_shares() -> None:
    found = rows(of(run("one", "a", BEAM, BOTH, "", "?"), run("two", "b", "caching")), "strategies")
    shares = {(row["strategy"], row["model"]): (row["proposed"], row["share"]) for row in found}
    assert shares[BEAM, "a"] == (2, pytest.approx(2 / 3)) and shares[BEAM, "b"] == (0, 0.0)
    assert shares["caching", "a"] == (1, pytest.approx(1 / 3)) and shares["caching", "b"] == (1, 1.0)


def test_an_improver_that_several_runs_proposed_is_one_and_counts_in_each() -> None:
    notes = of(run("one", "a", BEAM, BOTH), run("two", "a", BEAM)).notes
    assert (
        notes[0] == "2 distinct improvers proposed in 2 runs, 3 in all: one counts once in every run that proposed it."
    )


def test_models_are_compared_by_proposals_and_by_runs() -> None:
    first = [run(f"a{n}", "a", BEAM, BEAM, BOTH) for n in range(4)]
    second = [run(f"b{n}", "b", "", "", "caching") for n in range(4)]
    found = {row["strategy"]: row for row in rows(of(*first, *second), "between")}
    assert found.keys() == {BEAM, "caching"}  # what nobody follows is no comparison
    beam = found[BEAM]
    assert (beam["models"], beam["first"], beam["second"], beam["difference"]) == ("a → b", 1.0, 0.0, -1.0)
    assert beam["p"] == fisher_exact((12, 12), (0, 12)) and found["caching"]["p"] == 1.0
    assert [beam["p (Holm)"], found["caching"]["p (Holm)"]] == holm([fisher_exact((12, 12), (0, 12)), 1.0])
    assert beam["p (runs)"] == pytest.approx(2 / 70, rel=0.2)  # of 70 divisions of eight runs two are as extreme


def test_one_run_of_a_model_is_compared_by_its_proposals_alone() -> None:
    (found,) = rows(of(run("one", "a", BEAM, ""), run("two", "b", "", "")), "between")
    assert found["p"] == 1.0 and found["p (runs)"] is None


def test_where_models_are_compared_no_screen_is_too_narrow_for_their_names() -> None:
    one, two = of(run("a", "A", BEAM)), of(run("a", "A", BEAM), run("b", "B", BOTH))
    assert all("model" in table.spare for table in one.tables)
    assert not any("model" in table.spare for table in two.tables)


def test_one_model_is_compared_with_nobody() -> None:
    assert [table.name for table in of(run("one", "a", BEAM)).tables] == ["strategies", "proposals"]


# Rehearsals that are kept

TRACES = [
    Trace("initial", (Asked(1, "role", "ask", 0.7, "answer", 0.3), Scored("text", 0.5, 2, "why")), "text", "hot",
          (20, 5, 101), "described"),
    Trace("initial", (Asked(1, "", "ask", 1.0, "answer"),), None),
]  # fmt: skip


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    assert kept(tmp_path, "id") is None
    keep(tmp_path, "id", TRACES)
    assert kept(tmp_path, "id") == TRACES
    assert "# rehearsal 1, hot" in (tmp_path / FOLDER / "id.txt").read_text()


def test_half_characters_of_a_guest_are_spelt_out(tmp_path: Path) -> None:
    keep(tmp_path, "id", [Trace("initial", (Scored("\ud800", 0.5),), None)])
    (found,) = kept(tmp_path, "id") or []
    assert found.scored[0].program == "\\ud800"


def test_rehearsals_of_other_code_are_made_anew(tmp_path: Path) -> None:
    keep(tmp_path, "id", TRACES)
    file = tmp_path / FOLDER / "id.json"
    file.write_bytes(file.read_bytes().replace(b'"edition":"', b'"edition":"other', 1))
    assert kept(tmp_path, "id") is None


@pytest.mark.parametrize("change", [(b'"traces":[', b'"traces":[1,'), (b'"initial":0', b'"initial":99'), (b"}", b"")])
def test_a_damaged_file_is_named(change: tuple[bytes, bytes], tmp_path: Path) -> None:
    keep(tmp_path, "id", TRACES)
    file = tmp_path / FOLDER / "id.json"
    file.write_bytes(file.read_bytes().replace(*change))
    with pytest.raises(RecordError, match=r"id\.json cannot be read: .*; delete it"):
        kept(tmp_path, "id")


def test_no_link_is_followed_to_a_rehearsal(tmp_path: Path) -> None:
    keep(tmp_path / "elsewhere", "id", TRACES)
    (tmp_path / FOLDER).mkdir()
    os.symlink(tmp_path / "elsewhere" / FOLDER / "id.json", tmp_path / FOLDER / "id.json")
    with pytest.raises(RecordError):
        kept(tmp_path, "id")
