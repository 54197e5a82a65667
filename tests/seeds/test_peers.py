"""The search rules of other systems happen: in whom they ask about, what they score, and what they tell the model."""

import random
import re
from collections import Counter
from collections.abc import Sequence

import pytest

from seeds.support import INITIAL, Asked, InTurn, Returns, answer, applied, program, script, seed_text, to
from selftaught.core.budget import Allowance
from selftaught.core.contracts import Completion, Program, Prompt, Score, Verdict
from selftaught.sandbox.jail import Jail

PEERS = ["best-first", "islands", "novelty", "pareto"]


def parents(model: Asked) -> list[list[float]]:
    """Of each call, what the program returns that each prompt asks to change: with three, the last that is shown."""
    return [[scores[-1] for scores in prompts] for prompts in model.shown()]


def padded(score: float, lines: int) -> str:
    """A program of another size."""
    return "# padding that makes the text longer\n" * lines + program(score)


# What holds for each of them.


@pytest.mark.parametrize("name", PEERS)
def test_it_spends_its_whole_allowance_where_every_response_is_new(name: str, sandbox: Jail) -> None:
    model = Asked(InTurn(*(answer(0.5 + n / 100) for n in range(1, 25))))
    made = applied(sandbox, seed_text(name), model, Returns(), Allowance(4, 6, 25))
    spent = (made.model_calls, made.responses, made.utility_calls)
    assert (made.program, spent) == (Program(program(0.74)), (4, 24, 25))


FAILING_LATER = """

class Failing:
    def __init__(self, within):
        self._within, self._calls = within, 0

    def __getattr__(self, name):
        return getattr(self._within, name)

    def __call__(self, program):
        return self._within(program)

    def fails_later(name):
        def call(self, *arguments, **more):
            self._calls += 1
            if self._calls > 1:
                raise RuntimeError("the second call fails")
            return getattr(self._within, name)(*arguments, **more)
        return call

    batch, batch_prompt = fails_later("batch"), fails_later("batch_prompt")


searched = improve_algorithm


def improve_algorithm(initial_solution, utility, language_model):
    return searched(initial_solution, FIRST, SECOND)
"""


@pytest.mark.parametrize("failing", ["utility", "language_model"])
@pytest.mark.parametrize("name", PEERS)
def test_it_returns_what_it_found_when_something_raises(name: str, failing: str, sandbox: Jail) -> None:
    later = FAILING_LATER.replace("FIRST", "Failing(utility)" if failing == "utility" else "utility")
    later = later.replace("SECOND", "Failing(language_model)" if failing == "language_model" else "language_model")
    model = InTurn(answer(0.6), answer(0.8), answer(0.7), answer(0.9))
    made = applied(sandbox, seed_text(name) + later, model, Returns(), Allowance(4, 3, 25))
    assert (made.program, made.verdict, made.salvaged) == (Program(program(0.8)), Verdict.OK, False)


class Climbs:
    """A model that goes a step on from the best program that it is shown, now and then; else it falls back or fails."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)

    def __call__(self, prompts: Sequence[Prompt]) -> list[Completion]:
        return [Completion(self._answer(prompt.user)) for prompt in prompts]

    def _answer(self, prompt: str) -> str:
        highest = max(float(score) for score in re.findall(r"return (-?[\d.]+)", prompt))
        way = self._rng.random()
        if way < 0.3:
            return answer(round(highest + 0.05, 2))
        return answer(round(highest - 0.1 * self._rng.random(), 4)) if way < 0.8 else "I would rather not."


@pytest.mark.parametrize("name", PEERS)
def test_it_climbs_with_a_model_that_seldom_takes_a_step(name: str, sandbox: Jail) -> None:
    """Independent samples take one step; whoever builds on what was found takes several."""
    reached = []
    for seed in range(5):
        made = applied(sandbox, seed_text(name), Climbs(seed), Returns(), Allowance(6, 6, 37), run_seed=seed)
        assert made.program is not None
        reached.append(Returns().value(made.program.source))
    assert min(reached) >= 0.6 and sum(reached) / 5 >= 0.65


# Islands with a feature grid.


def test_islands_see_each_other_s_programs_only_after_a_migration(sandbox: Jail) -> None:
    model = Asked(InTurn(answer(0.6), answer(0.7), answer(0.8), *["none"] * 6))
    applied(sandbox, seed_text("islands"), model, Returns(), Allowance(3, 3, 25))
    first, second, third = [[set(shown) for shown in prompts] for prompts in model.shown()]
    assert first == [{0.5}] * 3
    assert second == [{0.5, 0.6}, {0.5, 0.7}, {0.5, 0.8}]
    assert third == [{0.5, 0.8}, {0.5, 0.7}, {0.5, 0.8}]  # around the ring; who is better in a cell stays


def test_a_cell_of_the_grid_keeps_its_best_beside_better_ones_in_other_cells(sandbox: Jail) -> None:
    """Of two programs of one size the better stays; one of another size stays however low it scores."""
    texts = [program(0.8), program(0.7), padded(0.1, 20), padded(0.2, 20)]
    responses = [f"```python\n{text}```" for text in texts]
    always_the_first_island = seed_text("islands").replace("ISLANDS = 3", "ISLANDS = 1")
    model = Asked(InTurn(*responses, *["none"] * 200))
    applied(sandbox, always_the_first_island, model, Returns(), Allowance(30, 4, 121))
    later = Counter(parent for call in parents(model)[1:] for parent in call)
    assert set(later) == {0.5, 0.8, 0.2}
    assert later[0.8] > later[0.5] + later[0.2]


# Novelty rejection with a bandit over parents.

LONG = "def algorithm():\n    total, factor, offset = 0.0, 1.0, 0.0\n    return 0.5\n"


def test_what_says_the_same_in_other_words_or_layout_costs_no_score(sandbox: Jail) -> None:
    same = LONG.replace("    return", "\n    # a remark\n    return")
    another_number = LONG.replace("0.5", "0.6")
    another_method = "def algorithm():\n    numbers = [0.0, 1.0, 0.0]\n    del numbers[1]\n    return 0.5\n"
    model = InTurn(*(f"```python\n{text}```" for text in (same, another_number, another_method)))
    utility = Returns()
    applied(sandbox, seed_text("novelty"), model, utility, Allowance(1, 3, 25), initial=LONG)
    assert utility.scored == [LONG, another_number, another_method]


def test_a_failing_program_with_one_line_mended_is_scored(sandbox: Jail) -> None:
    lines = "".join(f"    value_{n} = {n}\n" for n in range(40))
    failing, mended = (f"def algorithm():\n{lines}    return {sign}0.9\n" for sign in ("-", ""))
    model = InTurn(f"```python\n{failing}```", f"```python\n{mended}```")
    made = applied(sandbox, seed_text("novelty"), model, Returns(), Allowance(2, 1, 25))
    assert made.program == Program(mended)


def test_a_score_that_was_saved_is_spent_on_a_later_answer(sandbox: Jail) -> None:
    """Three scores are left for three calls: without a rejection each call would ask once."""
    same = LONG + "# a remark\n"
    model = Asked(InTurn(f"```python\n{same}```", f"```python\n{same}```", answer(0.9), answer(0.8)))
    made = applied(sandbox, seed_text("novelty"), model, Returns(), Allowance(3, 4, 4), initial=LONG)
    assert [len(call) for call in model.calls] == [1, 2, 2]
    assert made.program == Program(program(0.9))


def test_the_bandit_goes_to_the_best_first_and_then_to_parents_that_were_tried_less(sandbox: Jail) -> None:
    model = Asked(InTurn(answer(0.9), answer(0.8), answer(0.7), *["none"] * 50))
    applied(sandbox, seed_text("novelty"), model, Returns(), Allowance(5, 6, 31))
    first, *later = parents(model)
    assert first == [0.5] * 6 and later[0][0] == 0.9
    asked = Counter(parent for call in later for parent in call)
    assert asked[0.9] > asked[0.8] > asked[0.7] >= 1


@pytest.mark.parametrize("children_beat_it", [True, False])
def test_the_bandit_goes_where_children_beat_their_parents(children_beat_it: bool, sandbox: Jail) -> None:
    """Those of 0.8 may be better than itself, though not than 0.9, whose children are nothing."""
    better = [answer(0.8 + n / 1000) for n in range(1, 60)] if children_beat_it else ["none"]
    asks = "The program to improve:\n```python\n"
    first = to(asks + INITIAL, answer(0.9), answer(0.8), "none")
    model = Asked(
        script(first, to(asks + program(0.9), "none"), to(asks + "def algorithm():\n    return 0.8", *better))
    )
    applied(sandbox, seed_text("novelty"), model, Returns(), Allowance(8, 6, 49))
    asked = [parent for call in parents(model)[1:] for parent in call]
    assert (sum(0.8 <= parent < 0.9 for parent in asked) > asked.count(0.9)) is children_beat_it


# A Pareto front over instances, with reflection.


class Graded(Returns):
    """The mean of the grades in the last line of a program; a word there is a failure. Told as a task tells them."""

    def __init__(self, *, smaller: bool = False) -> None:
        super().__init__()
        self._sign = -1 if smaller else 1
        if smaller:
            self.description = "def utility(program): ...  # and smaller is better"

    def __call__(self, program: Program) -> Score:
        self.scored.append(program.source)
        words = program.source.rstrip().rpartition("# ")[2].split()
        numbers = [float(word) if word[0].isdigit() else 0.0 for word in words]
        told = f"score 0\ngrades by instance, in order: {' '.join(words)}\nOf {program.id[:3]} nothing more."
        return Score(self._sign * sum(numbers) / max(1, len(numbers)), feedback=told)


def graded(name: str, grades: str) -> str:
    return f"def algorithm():\n    return {name!r}\n# {grades}\n"


def asked_about(model: Asked) -> list[list[list[str]]]:
    return [[re.findall(r"return '(\w+)'", prompt.user) for prompt in prompts] for prompts in model.calls]


FRONT = {"start": "0.1 0.1 0.1 0.1", "left": "0.9 0.9 0.9 0.2", "right": "0.2 0.3 0.3 crashed", "last": "0 0 0 0.8",
         "within": "0.9 0.5 0.5 0.1", "mean": "0.8 0.8 0.8 0.7"}  # fmt: skip


def pareto(sandbox: Jail, utility: Graded, front: dict[str, str]) -> Asked:
    """Asked forty times about these, of which the first is the program to start from."""
    texts = [graded(name, grades) for name, grades in front.items()]
    model = Asked(InTurn(*(f"```python\n{text}```" for text in texts[1:]), *["none"] * 1000))
    allowance = Allowance(41, 5, 1000)
    applied(sandbox, seed_text("pareto"), model, utility, allowance, initial=texts[0])
    return model


def test_who_leads_on_some_instance_is_a_parent_however_low_its_mean(sandbox: Jail) -> None:
    asked = asked_about(pareto(sandbox, Graded(), FRONT))
    assert asked[0] == [["start"]] * 5
    first = Counter(names[0] for call in asked[1:] for names in call)
    assert set(first) == {
        "left",
        "last",
    }  # not `mean`, which has the highest, nor `within`, which leads where left does
    assert first["left"] > 2 * first["last"]  # three instances against one


def test_the_model_reflects_on_how_the_parent_did_and_now_and_then_joins_two(sandbox: Jail) -> None:
    model = pareto(sandbox, Graded(), FRONT)
    merged = [prompt.user for call in model.calls[1:] for prompt in call if "Join in one program" in prompt.user]
    alone = [prompt.user for call in model.calls[1:] for prompt in call if "Join in one program" not in prompt.user]
    assert len(alone) > 2 * len(merged) > 0
    for prompt in merged:
        assert set(re.findall(r"return '(\w+)'", prompt)) == {"left", "last"}
        assert "best on instances 1, 2, 3." in prompt and "best on instances 4." in prompt
    assert all("grades by instance, in order: " in prompt and "First reflect" in prompt for prompt in merged + alone)


def test_where_smaller_grades_are_better_the_front_is_turned_round(sandbox: Jail) -> None:
    smaller = {"start": "9 9", "short": "3 8", "tall": "7 2", "worse": "8 crashed"}
    asked = asked_about(pareto(sandbox, Graded(smaller=True), smaller))
    assert {names[0] for call in asked[1:] for names in call} == {"short", "tall"}


def test_without_grades_the_best_is_the_front(sandbox: Jail) -> None:
    model = Asked(InTurn(answer(0.6), answer(0.9), answer(0.7), *["none"] * 6))
    applied(sandbox, seed_text("pareto"), model, Returns(), Allowance(3, 3, 10))
    assert parents(model) == [[0.5] * 3, [0.9] * 3, [0.9] * 3]


def test_of_an_improver_each_task_is_an_instance(sandbox: Jail) -> None:
    """The meta-utility tells a line for each task."""

    class OfTasks(Graded):
        def __call__(self, program: Program) -> Score:
            score = super().__call__(program)
            words = program.source.rstrip().rpartition("# ")[2].split()
            lines = [f"task {n}: returned a program of 3 lines, score {word}. The best score that it was given was 0.9."
                     for n, word in enumerate(words, start=1)]  # fmt: skip
            return Score(score.value, feedback="\n".join(["mean score 0 over 4 tasks", *lines]))

    asked = asked_about(pareto(sandbox, OfTasks(), {**FRONT, "right": "0 0 0 0"}))
    assert {names[0] for call in asked[1:] for names in call} == {"left", "last"}


# Best first, with a debug step.


class Crashing(Returns):
    """A program that raises fails on every instance, and is told so."""

    def __call__(self, program: Program) -> Score:
        score = super().__call__(program)
        if "raise" not in program.source:
            return Score(score.value, feedback=f"score {score.value:.4f}\n3 of 3 ok")
        return Score(
            0.0, Verdict.CRASHED, feedback="score 0.0000\n3 of 3 crashed\n- crashed on every instance: ValueError"
        )


def broken(number: int) -> str:
    return f"Attempt {number}.\n```python\ndef algorithm():\n    raise ValueError({number})\n```\n"


def kinds(model: Asked) -> list[list[str]]:
    """Of each call, what each prompt asks for."""
    told = {"Do not build on": "draft", "This program fails": "debug", "the best program so far": "improve"}
    return [[next(kind for words, kind in told.items() if words in prompt.user) for prompt in call]
            for call in model.calls]  # fmt: skip


def test_first_drafts_then_the_best_is_improved(sandbox: Jail) -> None:
    model = Asked(InTurn(answer(0.6), answer(0.8), answer(0.7), "none"))
    applied(sandbox, seed_text("best-first"), model, Crashing(), Allowance(3, 4, 25))
    assert kinds(model) == [["draft"] * 4, ["draft"] + ["improve"] * 3, ["improve"] * 4]
    assert parents(model)[1:] == [[0.5, 0.8, 0.8, 0.8], [0.8] * 4]
    assert "- 0.7: Idea: 0.7." in model.calls[1][0].user and "- 0.8: Idea: 0.8." in model.calls[2][0].user


def test_what_fails_is_debugged_with_what_is_told_of_it_and_not_for_ever(sandbox: Jail) -> None:
    """One draft fails, and so does each attempt to mend it: after three in a row it is left alone."""
    model = Asked(InTurn(broken(0), *[answer(0.6)] * 4, *(broken(n) for n in range(1, 100))))
    applied(
        sandbox, seed_text("best-first").replace("DEBUG = 0.5", "DEBUG = 1"), model, Crashing(), Allowance(12, 5, 500)
    )
    first, *later = kinds(model)
    assert first == ["draft"] * 5
    assert later[0] == ["debug", "improve", "improve", "improve", "improve"]
    assert re.findall(r"raise ValueError\(\d+\)", model.calls[1][0].user) == ["raise ValueError(0)"]
    assert "crashed on every instance: ValueError" in model.calls[1][0].user
    mended_once = [prompt.user for prompt in model.calls[2] if "raise ValueError(1)" in prompt.user]
    assert len(mended_once) == 1  # what came of the first attempt is debugged in its turn
    assert all(
        prompt.user.count("```python\ndef algorithm():\n    raise") <= 1 for call in model.calls for prompt in call
    )


def test_a_chain_of_debug_steps_ends_after_three(sandbox: Jail) -> None:
    model = Asked(InTurn(*(broken(n) for n in range(100))))
    text = seed_text("best-first").replace("DEBUG = 0.5", "DEBUG = 1").replace("DRAFTS = 5", "DRAFTS = 1")
    applied(sandbox, text, model, Crashing(), Allowance(8, 1, 500), initial=program(0.5))
    assert [call[0] for call in kinds(model)][:5] == ["draft", "debug", "debug", "debug", "improve"]


def test_where_nothing_works_it_drafts_again_and_calls_no_failing_program_the_best(sandbox: Jail) -> None:
    model = Asked(InTurn(*(broken(n) for n in range(1, 100))))
    text = seed_text("best-first").replace("DEBUG = 0.5", "DEBUG = 0")
    applied(
        sandbox, text, model, Crashing(), Allowance(8, 1, 500), initial="def algorithm():\n    raise ValueError(0)\n"
    )
    assert kinds(model) == [["draft"]] * 8


def test_a_mended_program_that_is_the_best_is_improved(sandbox: Jail) -> None:
    model = Asked(InTurn(*[broken(n) for n in range(5)], answer(0.9), "none"))
    applied(
        sandbox, seed_text("best-first").replace("DEBUG = 0.5", "DEBUG = 1"), model, Crashing(), Allowance(8, 1, 25)
    )
    assert [call[0] for call in kinds(model)][:6] == ["draft"] * 5 + ["debug"]
    improved = [prompt.user for call in model.calls[6:] for prompt in call if "the best program so far" in prompt.user]
    assert all("return 0.9" in prompt for prompt in improved)
