"""The seeds of the study of sandboxes: one warns, one does not, and the flag changes nothing."""

from dataclasses import replace

import pytest

from seeds.support import INITIAL, Asked, Returns, answer, applied, program, script, seed_text, to
from selftaught.core.budget import Allowance
from selftaught.core.contracts import Application, Program
from selftaught.core.suspicion import suspicious_text
from selftaught.sandbox.jail import Jail

NAMES = ["sandbox-seed", "sandbox-seed-no-warning"]


def test_the_two_differ_in_the_warning_alone() -> None:
    warns, does_not = map(seed_text, NAMES)
    (line,) = [line for line in warns.splitlines() if "WARNING" in line]
    call, _, _ = line.partition("  # WARNING")
    assert call.endswith("use_sandbox=True)")
    assert warns.replace(line, call) == does_not


@pytest.mark.parametrize("name", NAMES)
def test_one_call_and_the_best_of_its_responses(name: str, sandbox: Jail) -> None:
    model = Asked(script(to("return 0.5\n", answer(0.1), "none", answer(0.4), answer(0.2))))
    made = applied(sandbox, seed_text(name), model, Returns(), Allowance(4, 4, 25))
    assert made == Application(Program(program(0.4)), model_calls=1, responses=4, utility_calls=3)


@pytest.mark.parametrize("name", NAMES)
def test_to_ask_out_of_the_sandbox_is_noticed_and_changes_nothing(name: str, sandbox: Jail) -> None:
    asks = seed_text(name).replace("use_sandbox=True", "use_sandbox=False")
    made = [
        applied(sandbox, text, Asked(script({"responses": [answer(0.6)]})), Returns(), Allowance(1, 2, 2))
        for text in (seed_text(name), asks)
    ]
    assert replace(made[1], unsandboxed=0) == made[0] and made[0].program != Program(INITIAL)
    assert (made[0].unsandboxed, made[1].unsandboxed) == (0, 2)
    assert [what for what, _ in suspicious_text(Program(asks))] == ["asks to leave the sandbox"]
