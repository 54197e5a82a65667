"""Improvers that use `helpers`, `utility` and `language_model` in the ways that the paper's own texts do.

The texts are written anew; what is held fast is each way in which a published improver calls `extract_code`: on the
whole list of a call's responses, on a list of one, on a list of lists, on each response, in threads.
"""

import pytest

from seeds.support import INITIAL, InTurn, Returns, answer, applied, program
from selftaught.core.budget import Allowance
from selftaught.core.contracts import Program
from selftaught.sandbox.jail import Jail

HILL_CLIMBING = """
from helpers import extract_code

def improve_algorithm(initial_solution, utility, language_model):
    best, best_score = initial_solution, utility(initial_solution)
    for step in range(2):
        message = f"Make it better:\\n{best}\\nIt is measured by:\\n{utility.str}\\n"
        responses = language_model.prompt("You improve programs.", message, n_responses=2, temperature=0.7)
        for candidate in extract_code(responses):
            score = utility(candidate, use_sandbox=True)
            if score > best_score:
                best, best_score = candidate, score
    return best
"""
ONE_BATCH = """
from helpers import extract_code

def improve_algorithm(initial_solution, utility, language_model):
    n_messages = min(language_model.max_responses_per_call, utility.budget)
    responses = language_model.batch_prompt("Expert.", [initial_solution + utility.str] * n_messages, temperature=0.7)
    return max(extract_code(responses), key=utility)
"""
BEAM = """
from helpers import extract_code

def improve_algorithm(initial_solution, utility, language_model):
    beam = [initial_solution]
    for depth in range(2):
        pool = list(beam)
        pool += extract_code(language_model.batch_prompt("Expert.", ["Improve:\\n" + one for one in beam] * 2, 0.9))
        pool += extract_code([])
        pool.sort(key=lambda solution: utility(solution), reverse=True)
        beam = pool[:2]
    return beam[0]
"""
GENETIC = """
from concurrent.futures import ThreadPoolExecutor
from helpers import extract_code

def improve_algorithm(initial_solution, utility, language_model):
    def children(parents):
        responses = language_model.prompt("Breeder.", "\\n".join(parents) + utility.str, 1, 0.8)
        return [child for child in extract_code(responses) if child]

    population = [initial_solution, initial_solution]
    with ThreadPoolExecutor(2) as pool:
        for born in pool.map(children, [population[:2], population[::-1]]):
            population += born
        scores = list(pool.map(utility, population))
    return population[scores.index(max(scores))]
"""
ANNEALING = """
import math, random
from helpers import extract_code

def improve_algorithm(initial_solution, utility, language_model):
    current = best = initial_solution
    current_score = best_score = utility(initial_solution)
    heat = 1.0
    for step in range(4):
        new = extract_code(language_model.prompt("You anneal.", "Change this:\\n" + current, temperature=heat))[0]
        score = utility(new)
        if score > current_score or random.random() < math.exp((score - current_score) / heat):
            current, current_score = new, score
        if score > best_score:
            best, best_score = new, score
        heat *= 0.5
    return best
"""
BANDIT = """
import math
from helpers import extract_code

def improve_algorithm(initial_solution, utility, language_model):
    temperatures, pulls, gains = [0.2, 0.7, 1.0], [0, 0, 0], [0.0, 0.0, 0.0]
    best, best_score = initial_solution, utility(initial_solution)
    for turn in range(1, 5):
        bounds = [g / n + math.sqrt(2 * math.log(turn) / n) if n else math.inf for n, g in zip(pulls, gains)]
        arm = bounds.index(max(bounds))
        try:
            responses = language_model.prompt("Expert.", best, n_responses=1, temperature=temperatures[arm])
            for solution in extract_code(responses):
                score = utility(solution, use_sandbox=False)
                gains[arm] += max(0.0, score - best_score)
                if score > best_score:
                    best, best_score = solution, score
        except Exception:
            pass
        pulls[arm] += 1
    return best
"""
LIST_OF_ONE = """
from helpers import extract_code

def improve_algorithm(initial_solution, utility, language_model):
    found = [initial_solution]
    for _ in range(4):
        found.append(extract_code([language_model.prompt("Expert.", initial_solution)[0]])[0])
    return max(found, key=utility)
"""
LIST_OF_LISTS = """
from helpers import extract_code

def improve_algorithm(initial_solution, utility, language_model):
    rounds = [language_model.prompt("Expert.", initial_solution, n_responses=2) for _ in range(2)]
    return max([one for found in extract_code(rounds) for one in found], key=utility)
"""
LAZY = """
from helpers import extract_code

def improve_algorithm(initial_solution, utility, language_model):
    asked = (language_model.prompt("Expert.", initial_solution)[0] for _ in range(2))
    strips = map(str.strip, language_model.prompt("Expert.", initial_solution, 2))
    return max(extract_code(asked) + extract_code(strips) + extract_code(()), key=utility)
"""
EACH = """
from helpers import extract_code

def improve_algorithm(initial_solution, utility, language_model):
    responses = [r for _ in range(2) for r in language_model.prompt("Expert.", initial_solution, n_responses=2)]
    return max(filter(None, map(extract_code, responses)), key=utility)
"""
ALL = {
    name: text
    for name, text in globals().items()
    if name.isupper() and isinstance(text, str) and "improve_algorithm" in text
}


@pytest.mark.parametrize("idiom", ALL)
def test_a_published_improver_finds_the_best_of_what_it_paid_for(idiom: str, sandbox: Jail) -> None:
    model = InTurn(*map(answer, (0.6, 0.9, 0.7, 0.8)))
    made = applied(sandbox, ALL[idiom], model, Returns(), Allowance(4, 4, 25))
    assert (made.program, made.responses >= 2) == (Program(program(0.9)), True), made


def test_a_response_without_code_is_none_in_its_place(sandbox: Jail) -> None:
    """The released code scores None as 0, and so does what its improvers hand to the utility here."""
    model = InTurn("no code", answer(0.9), "", answer(0.8))
    made = applied(sandbox, ONE_BATCH, model, Returns(), Allowance(4, 4, 25))
    assert (made.program, made.utility_calls) == (Program(program(0.9)), 4)


def test_where_all_fail_the_initial_solution_of_a_climb_stays(sandbox: Jail) -> None:
    made = applied(sandbox, HILL_CLIMBING, InTurn("none"), Returns(), Allowance(4, 4, 25))
    assert made.program == Program(INITIAL)


FIRST = """
from helpers import extract_code

def improve_algorithm(initial_solution, utility, language_model):
    return extract_code(language_model.prompt("Expert.", initial_solution))[0]
"""
PART = "def scale(x):\n    return x + 1\n"
TWO = f"```python\n{program(0.9)}```\nA longer part of it:\n```python\n{PART * 9}```\n"


@pytest.mark.parametrize(("released", "found"), [(False, program(0.9)), (True, PART * 9)])
def test_a_response_is_read_for_what_the_initial_solution_defines(released: bool, found: str, sandbox: Jail) -> None:
    """The released code takes the largest block, whatever is in it."""
    made = applied(sandbox, FIRST, InTurn(TWO), Returns(), Allowance(1, 1, 1), released_reader=released)
    assert made.program == Program(found)


def test_the_released_reader_finds_more_where_it_would_find_nothing(sandbox: Jail) -> None:
    made = applied(sandbox, FIRST, InTurn(program(0.9)), Returns(), Allowance(1, 1, 1), released_reader=True)
    assert made.program == Program(program(0.9))
