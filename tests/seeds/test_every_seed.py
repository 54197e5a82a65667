"""What holds for every improver in `seeds/`, whatever its strategy."""

import ast
import re
from pathlib import Path

import pytest

from seeds.support import INITIAL, Asked, Returns, answer, applied, program, script, seed_text
from selftaught.core.budget import Allowance
from selftaught.core.contracts import Program, Verdict
from selftaught.core.suspicion import suspicious_text
from selftaught.guest import helpers
from selftaught.guest.interface import LanguageModel, Utility
from selftaught.sandbox.jail import Jail
from selftaught.wiring.inputs import improver_names

DOCS = Path(__file__).parents[2] / "docs"
NAMES = improver_names()
PEERS = ["best-first", "islands", "novelty", "pareto"]
"""The search rules of other systems, which have more parts than the paper's."""
PRINTED = ["seed", "paper-seed"]
"""Their first lines are what the paper prints; their docstring stands in the function."""
SURVIVING = [name for name in NAMES if name != "paper-seed"]
"""The paper's seed fails where no response is usable; that is held by tests of its own."""
ALLOWANCES = [
    Allowance(*budgets)
    for budgets in [(1, 1, 1), (1, 1, 2), (1, 6, 1), (3, 1, 2), (2, 6, 3), (5, 2, 7), (4, 3, 100), (4, 6, 25)]
]
WATCHED = """

improve_freely = improve_algorithm


def improve_algorithm(initial_solution, utility, language_model):
    made = improve_freely(initial_solution, utility, language_model)
    assert utility.uses <= utility.budget, "the utility was asked too often"
    assert language_model.times_used <= language_model.budget, "the model was asked too often"
    return made
"""
UNUSABLE = ["", "I cannot help with that.", "```python\n```", "```\n\n```\nnothing"]


def test_the_list_is_complete() -> None:
    assert NAMES == [
        "annealing", "beam-search", "best-first", "best-of-n", "chain-of-thought", "decomposition", "earlier-seed",
        "genetic", "greedy", "islands", "novelty", "paper-seed", "pareto", "refine", "sandbox-seed",
        "sandbox-seed-no-warning", "seed", "temperature-bandit",
    ]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_is_under_60_lines_and_a_search_rule_of_the_peers_under_100(name: str) -> None:
    assert len(seed_text(name).splitlines()) < (100 if name in PEERS else 60)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in PRINTED])
def test_a_seed_says_first_what_it_is_and_where_it_comes_from(name: str) -> None:
    docstring = ast.get_docstring(ast.parse(seed_text(name))) or ""
    assert seed_text(name).startswith('"""') and "paper" in docstring and docstring.count("\n") <= 3


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_shows_the_model_the_utility_and_the_solution(name: str, sandbox: Jail) -> None:
    model = Asked(script({"responses": [answer(0.6)]}))
    applied(sandbox, seed_text(name), model, Returns(), Allowance(1, 2, 4))
    assert model.calls
    for prompt in model.calls[0]:
        assert f"```python\n{INITIAL}" in prompt.user and Returns.description in prompt.user


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_has_nothing_suspicious(name: str) -> None:
    assert suspicious_text(Program(seed_text(name))) == []


@pytest.mark.parametrize("allowance", ALLOWANCES, ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_a_seed_returns_the_best_that_it_scored_and_never_asks_for_more_than_it_may(
    name: str, allowance: Allowance, sandbox: Jail
) -> None:
    usable = [answer(score / 100) for score in range(1, 100, 7)]
    model, utility = Asked(script({"responses": [*usable, "No idea."]})), Returns()
    made = applied(sandbox, seed_text(name) + WATCHED, model, utility, allowance)
    assert made.program is not None, made.note
    assert made.responses >= 1 or allowance.utility_calls == 1  # then a search could not tell better from worse
    best = max(map(utility.value, utility.scored), default=None)
    if best is not None:
        assert utility.value(made.program.source) == best


@pytest.mark.parametrize("unusable", [*([response] for response in UNUSABLE), UNUSABLE], ids=repr)
@pytest.mark.parametrize("name", SURVIVING)
def test_a_seed_survives_responses_without_code(name: str, unusable: list[str], sandbox: Jail) -> None:
    utility = Returns()
    made = applied(sandbox, seed_text(name), script({"responses": unusable}), utility, Allowance(3, 4, 13))
    assert (made.program, made.verdict) == (Program(INITIAL), Verdict.OK)
    assert made.utility_calls == len(utility.scored) <= 1  # None costs a call, but is not scored


@pytest.mark.parametrize("name", SURVIVING)
def test_a_seed_survives_code_that_is_no_python(name: str, sandbox: Jail) -> None:
    model = script({"responses": ["```python\ndef algorithm(:\n```", "```\nfor (;;) {\n```"]})
    made = applied(sandbox, seed_text(name), model, Returns(), Allowance(3, 4, 13))
    assert made.verdict == Verdict.OK, made.note


@pytest.mark.parametrize("initial", ["", "x = 1", "def algorithm(:\n", "class A:\n    pass\n", "\0"], ids=repr)
@pytest.mark.parametrize("name", NAMES)
def test_a_seed_takes_any_initial_solution(name: str, initial: str, sandbox: Jail) -> None:
    model = script({"responses": [answer(0.9)]})
    made = applied(sandbox, seed_text(name), model, Returns(), Allowance(2, 3, 7), initial=initial)
    assert made.program == Program(program(0.9)), made.note


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("chain-of-thought", "earlier-seed")])
def test_scores_below_zero_are_scores(name: str, sandbox: Jail) -> None:
    """Beyond the budget the utility answers 0.0, which here would be the highest.

    Not for the two that score nothing, or count the initial solution as 0.
    """
    model, utility = script({"responses": [answer(-0.4), answer(-0.6), answer(-0.7)], "order": "cycle"}), Returns()
    made = applied(sandbox, seed_text(name), model, utility, Allowance(2, 3, 3), initial=program(-0.5))
    best = max(utility.scored, key=utility.value)
    assert made.program == Program(best)


@pytest.mark.parametrize(
    "name",
    [
        "annealing",
        "beam-search",
        "best-of-n",
        "decomposition",
        "genetic",
        "greedy",
        *PEERS,
        "refine",
        "seed",
        "temperature-bandit",
    ],
)
def test_the_initial_solution_stays_where_nothing_scores_higher(name: str, sandbox: Jail) -> None:
    model = script({"responses": [f"```python\n{INITIAL}# no better\n```", answer(0.4)], "order": "cycle"})
    made = applied(sandbox, seed_text(name), model, Returns(), Allowance(2, 3, 7))
    assert made.program == Program(INITIAL)


def test_the_documentation_has_each_of_them_in_its_table() -> None:
    table, _, _ = (DOCS / "improvers.md").read_text().partition("**Few scores.**")
    rows = re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE)
    assert sorted(rows) == NAMES


def own_improver() -> str:
    """The section of the documentation by which a user writes an improver."""
    page = (DOCS / "improvers.md").read_text()
    return page[page.index("## Your own improver") : page.index("You can keep an improver that a run made")]


def test_the_documentation_names_all_that_an_improver_holds() -> None:
    named = set(re.findall(r"`(utility|language_model)\.(\w+)", own_improver()))
    asking = {"utility": Utility, "language_model": LanguageModel}
    facts = {"utility_str": "", "utility_budget": 1, "model_budget": 1, "max_responses_per_call": 1}
    held = {
        (name, of)
        for name, kind in asking.items()
        for of in [*vars(kind(print, facts)), *vars(kind)]
        if not of.startswith("_")
    }
    assert named == held
    assert set(helpers.__all__) <= set(re.findall(r"\w+", own_improver()))


@pytest.mark.parametrize("allowance", ALLOWANCES, ids=str)
def test_the_documentation_shows_an_improver_that_improves_within_any_budget(
    sandbox: Jail, allowance: Allowance
) -> None:
    _, _, rest = own_improver().partition("````python\n")
    source, _, _ = rest.partition("````")
    model = script({"responses": [answer(0.4), answer(0.9), "I cannot help with that."], "order": "cycle"})
    made = applied(sandbox, source + WATCHED, model, Returns(), allowance)
    assert made.program is not None and made.verdict is Verdict.OK
    if allowance.utility_calls > 2 and allowance.model_calls * allowance.responses_per_call > 1:
        assert made.program == Program(program(0.9))
