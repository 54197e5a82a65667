"""Learning parity with noise: faithful sizes and probabilities, and a grade that no shape or type can fool."""

from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from selftaught.core.contracts import Program, Verdict
from selftaught.sandbox.jail import Jail
from selftaught.tasks.judge import Judge
from selftaught.tasks.loading import load_task
from selftaught.tasks.parity_with_noise import BITS, MASK_CHANCE, NOISE, TEST, TRAIN, grade, instances
from selftaught.tasks.spec import Instance

DECODER = '''
import numpy as np

MASKS = (np.arange(1024)[:, None] >> np.arange(10)) & 1


def best_mask(samples, parity):
    """Of all masks, the one that agrees with the most examples."""
    return MASKS[(samples @ MASKS.T % 2 == parity[:, None]).sum(axis=0).argmax()]


def algorithm(train_samples, train_parity, test_samples):
    return test_samples @ best_mask(train_samples, train_parity) % 2
'''
DECODING: dict[str, Any] = {}
exec(DECODER, DECODING)


def made(split: str, seed: int = 1) -> list[Instance]:
    return [Instance(args, hidden) for args, hidden in instances(Random(seed), split)]


def mask_of(instance: Instance) -> npt.NDArray[np.int64]:
    mask: npt.NDArray[np.int64] = DECODING["best_mask"](*instance.args[:2])
    return mask


def as_text(instance: Instance) -> str:
    return repr([[part.tolist() for part in instance.args], instance.hidden])


@pytest.mark.parametrize(("split", "count"), [("val", 20), ("test", 50)])
def test_sizes(split: str, count: int) -> None:
    shapes = [[part.shape for part in instance.args] for instance in made(split)]
    assert shapes == [[(TRAIN, BITS), (TRAIN,), (TEST, BITS)]] * count


def test_equal_seeds_give_equal_instances_and_others_share_none() -> None:
    val, again = ([as_text(instance) for instance in made("val")] for _ in range(2))
    test = [as_text(instance) for instance in made("test", 2)]
    assert (val == again, len({*val, *test})) == (True, 70)


def test_bits_masks_and_noise_have_the_paper_s_probabilities() -> None:
    sample = [instance for seed in range(10) for instance in made("test", seed)]
    masks = [mask_of(instance) for instance in sample]
    flipped = [i.args[1] != i.args[0] @ mask % 2 for i, mask in zip(sample, masks, strict=True)]
    shares = [np.mean([i.args[0] for i in sample]), np.mean(masks), np.mean(flipped)]
    assert shares == pytest.approx([0.5, MASK_CHANCE, NOISE], abs=0.02)
    assert any(mask.sum() == 0 for mask in masks)  # nothing keeps a set from being empty


def test_the_hidden_parities_are_without_noise_and_not_among_the_arguments() -> None:
    for instance in made("test"):
        assert instance.hidden == (instance.args[2] @ mask_of(instance) % 2).tolist()
        assert all(instance.hidden != part.tolist()[: len(instance.hidden)] for part in instance.args)


def test_an_exhaustive_decoder_is_always_right() -> None:
    answers = [(i, DECODING["algorithm"](*i.args).tolist()) for split in ("val", "test") for i in made(split)]
    assert {grade(instance, answer) for instance, answer in answers} == {1.0}


def test_the_grade_is_the_share_of_right_bits() -> None:
    instance = made("val")[0]
    half = [bit if place % 2 else 1 - bit for place, bit in enumerate(instance.hidden)]
    assert [grade(instance, half), grade(instance, [1 - bit for bit in instance.hidden])] == [0.5, 0.0]


@pytest.mark.parametrize(
    "shape",
    [
        lambda bits: [[bit] for bit in bits],
        lambda bits: [bits],
        lambda bits: [bits[:10], bits[10:]],
        lambda bits: [bool(bit) for bit in bits],
        lambda bits: [float(bit) for bit in bits],
    ],
    ids=["column", "row", "two rows", "booleans", "floats"],
)
def test_the_same_bits_in_another_shape_or_type_get_the_same_grade(shape: Any) -> None:
    instance = made("val")[0]
    wrong_once = [1 - instance.hidden[0], *instance.hidden[1:]]
    assert [grade(instance, shape(instance.hidden)), grade(instance, shape(wrong_once))] == [1.0, 0.95]


@pytest.mark.parametrize(
    "answer",
    [
        [], [0] * 19, [0] * 21, [0, 1] * 20, [[0] * 20] * 20, [[[]]], [[0]] * 19 + [0], [0.5] * 20, [2] * 20,
        [float("nan")] * 20, ["0"] * 20, [None] * 20, [[0, 1]] * 20, None, 0, True, 1.0, "0" * 20, b"\0" * 20,
        dict.fromkeys(range(20), 0), [{}] * 20,
    ],
    ids=repr,
)  # fmt: skip
def test_anything_else_is_a_bad_answer(answer: Any) -> None:
    with pytest.raises((ValueError, TypeError), match="wanted"):
        grade(made("val")[0], answer)


def test_the_text_tells_the_sizes_that_are_used() -> None:
    about = load_task("parity-with-noise").about
    told = [
        f"({TRAIN}, {BITS})",
        f"({TRAIN},)",
        f"({TEST}, {BITS})",
        f"the {TEST} parities",
        str(NOISE),
        str(MASK_CHANCE),
    ]
    assert [text for text in told if text not in " ".join(about.split())] == []


def judged(sandbox: Jail, source: str, split: str = "val") -> tuple[float, Verdict]:
    score = Judge(load_task("parity-with-noise"), sandbox, split, 7)(Program(source))
    return score.value, score.verdict


def test_the_seed_is_as_good_as_a_coin(sandbox: Jail) -> None:
    seed = load_task("parity-with-noise").seed.source
    scores = [judged(sandbox, seed, split) for split in ("val", "test")]
    assert all(0.4 < value < 0.6 and verdict is Verdict.OK for value, verdict in scores)


def test_an_exhaustive_decoder_scores_1_in_the_sandbox(sandbox: Jail) -> None:
    assert [judged(sandbox, DECODER, split) for split in ("val", "test")] == [(1.0, Verdict.OK)] * 2


def test_a_constant_column_does_not_broadcast(sandbox: Jail) -> None:
    value, verdict = judged(sandbox, "import numpy\ndef algorithm(a, b, c): return numpy.zeros((20, 1), dtype=int)")
    assert (value < 0.7, verdict) == (True, Verdict.OK)


def test_a_matrix_of_every_answer_is_a_bad_answer(sandbox: Jail) -> None:
    source = "import numpy\ndef algorithm(a, b, c): return numpy.indices((20, 2))[1]"
    assert judged(sandbox, source) == (0.0, Verdict.BAD_ANSWER)


def test_no_frame_or_object_in_the_process_holds_the_hidden_parities(sandbox: Jail) -> None:
    source = """
import gc, sys

def algorithm(train_samples, train_parity, test_samples):
    named, frame = [], sys._getframe()
    while frame:
        named += [v for k, v in {**frame.f_globals, **frame.f_locals}.items() if "hidden" in k or "expected" in k]
        frame = frame.f_back
    bits = [o for o in gc.get_objects() if type(o) is list and len(o) == 20 and all(b in (0, 1) for b in o)]
    return (named + bits)[0]
"""
    value, verdict = judged(sandbox, source)
    assert (value, verdict) == (0.0, Verdict.CRASHED)  # IndexError: there was nothing to find
