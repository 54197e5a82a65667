"""Programs that score well without solving anything: one for each hole known in the released code.

Each stands beside an honest program of the same answers, or of none: what the hole should be worth.
"""

from dataclasses import dataclass, replace

ONE_PLACE = """
    n = len(flow)
    return [int(distance.diagonal().argmax())] * n"""

REGENERATE = """
import numpy as np

def algorithm(train_samples, train_parity, test_samples):
    for seed in [*range(4321, 4371), *range(5678, 5728)]:
        chance = np.random.RandomState(seed)
        mask = chance.binomial(1, 0.3, 10)
        samples = chance.binomial(1, 0.5, (120, 10))
        if (samples[:100] == train_samples).all():
            return samples[100:] @ mask % 2
    return np.zeros(20, dtype=int)
"""

READ_FRAMES = """
import gc, sys

def algorithm(train_samples, train_parity, test_samples):
    frame, found = sys._getframe(), []
    frames = [*sys._current_frames().values()]
    while frame:
        frames.append(frame)
        frame = frame.f_back
    for frame in frames:
        found += [v for k, v in {**frame.f_globals, **frame.f_locals}.items() if k in ("test_parity", "hidden")]
    found += [o for o in gc.get_objects() if type(o) is list and len(o) == 20 and all(type(b) is int for b in o)]
    return found[0] if found else [0] * 20
"""


@dataclass(frozen=True)
class Cheat:
    """A hole of the released code, and what comes through it.

    `released`: (val, test) that the released code gives it, as measured on a copy; None where that depends on the
    machine, or on memory that our wall does not share.
    """

    task: str
    hole: str
    program: str
    honest: str
    released: tuple[float, float] | None = None


COLUMN = "return np.zeros((20, 1), dtype=int)"
SLEEP = "import time\ndef algorithm(f, d, p):\n    time.sleep(0.05)\n    return list(range(15))\n"


def parity(body: str) -> str:
    return f"import numpy as np\ndef algorithm(train_samples, train_parity, test_samples): {body}\n"


def qap(body: str) -> str:
    return f"def algorithm(flow, distance, preference): {body}\n"


def sat(body: str) -> str:
    return (
        "def algorithm(formula):\n    n = max(abs(v) for clause in formula for v in clause)\n"
        f"    {body}\n    return [False] * (n + 1)\n"
    )


def maxcut(body: str) -> str:
    return f"def algorithm(weights): {body}\n"


ZEROS = parity("return np.zeros(20, dtype=int)")
IDENTITY = qap("return list(range(15))")
ALTERNATING = maxcut("return [node % 2 for node in range(len(weights))]")
NOTHING = "def algorithm(*arguments): return None\n"


def tsp(body: str) -> str:
    return f"def algorithm(points): {body}\n"


def shop(body: str) -> str:
    body = body.replace("IN_TURN", "[j for _ in range(machines.shape[1]) for j in range(len(machines))]")
    return f"def algorithm(machines, durations): {body}\n"


def rows(answer: str) -> str:
    return f"def algorithm(n): return {answer}\n"


def fit(body: str) -> str:
    return f"def algorithm(x, y, x_new): {body}\n"


def rule(answer: str) -> str:
    return f"def algorithm(capacity, sample): return {answer}\n"


BEST_FIT = """
def algorithm(capacity, sample):
    pass
    return [[-room for room in range(capacity + 1)]] * (capacity + 1)
"""

CHEATS = [
    Cheat("parity", "a constant column", parity(COLUMN), ZEROS, (10.05, 10.55)),
    Cheat("parity", "a matrix of both answers", parity("return np.indices((40, 20))[0] % 2"), NOTHING),
    Cheat("parity", "the array behind the labels", parity(
        "return train_parity.base[100:120] if train_parity.base is not None and train_parity.base.shape == (120,) "
        "else np.zeros(20, dtype=int)"
    ), ZEROS),
    Cheat("parity", "instances from public seeds", REGENERATE, ZEROS, (1.0, 1.0)),
    Cheat("parity", "frames and objects in memory", READ_FRAMES, ZEROS),
    Cheat("parity-with-noise", "a constant column", parity(COLUMN), ZEROS, (.5025, .509)),
    Cheat("parity-with-noise", "instances from public seeds", REGENERATE, ZEROS, (1.0, 1.0)),
    Cheat("parity-with-noise", "frames and objects in memory", READ_FRAMES, ZEROS),
    Cheat("parity-with-noise", "labels edited in place", parity(
        "train_parity[:] = 0; test_samples[:] = 0; return np.zeros(20, dtype=int)"
    ), ZEROS, (.5025, .509)),
    Cheat("string-grid-distance", "a text that is equal to all", """
class Any(str):
    def __eq__(self, other): return True
    def __len__(self): return 1
    __hash__ = str.__hash__
def algorithm(t, distance): return Any(t)
""", NOTHING),
    Cheat("modified-qap", "an over-long list", qap(f"{ONE_PLACE} + list(range(n))"), NOTHING, (.4635, .4520)),
    Cheat("modified-qap", "an over-long list of honest places", qap("return [*range(15), 0]"), NOTHING, (.2297, .2332)),
    Cheat("modified-qap", "sleeping", SLEEP, IDENTITY, (.2297, .2332)),
    Cheat("modified-qap", "matrices edited in place", qap(
        "flow[:] = 1; distance[:] = 1; preference[:] = 0; return list(range(15))"
    ), IDENTITY, (.2297, .2332)),
    Cheat("three-sat", "clauses edited in place", sat("for clause in formula: clause[:] = [-1, -2, -3]"), sat("pass")),
    Cheat("three-sat", "the list of clauses emptied", sat("formula.clear()"), sat("pass")),
    Cheat("three-sat", "values that are all and nothing", """
class Both(int):
    def __gt__(self, other): return True
    def __eq__(self, other): return True
    __hash__ = int.__hash__
def algorithm(formula): return [Both(0)] * (1 + max(abs(v) for clause in formula for v in clause))
""", NOTHING),
    Cheat("three-sat", "a solver installed out here, beside numpy", "import pysat.solvers\n" + sat("pass"), NOTHING),
    Cheat("maxcut", "all-distinct labels", maxcut("return list(range(len(weights)))"), NOTHING, (1914.2550, 2008.2740)),
    Cheat("maxcut", "labels that equal nothing", maxcut("return [float('nan')] * len(weights)"), NOTHING),
    Cheat("maxcut", "weights edited in place", maxcut(
        "weights[:] = 10**6; return [node % 2 for node in range(len(weights))]"
    ), ALTERNATING, (961.432, 1009.413)),
    Cheat("tsp", "points edited in place", tsp("points[:] = 0; return list(range(len(points)))"),
          tsp("return list(range(len(points)))")),
    Cheat("tsp", "one point again and again", tsp("return [0] * len(points)"), NOTHING),
    Cheat("tsp", "a trip that leaves points out", tsp("return [0, 1, 2]"), NOTHING),
    Cheat("job-shop", "durations edited in place", shop("durations[:] = 0; return IN_TURN"), shop("return IN_TURN")),
    Cheat("job-shop", "only the shortest job", shop(
        "return [int(durations.sum(axis=1).argmin())] * machines.size"
    ), NOTHING),
    Cheat("circle-packing", "all circles in one place", rows("[[0.5, 0.5, 0.5]] * n"), rows("[[0.5, 0.5, 0]] * n")),
    Cheat("circle-packing", "radii below 0 that make room", rows("[[0.5, 0.5, 0.5]] + [[0.5, 0.5, -0.1]] * (n - 1)"),
          NOTHING),
    Cheat("circle-packing", "circles beside the square", rows("[[3 * i, 3 * i, 1] for i in range(n)]"), NOTHING),
    Cheat("circle-packing", "nan, which nothing overlaps", rows("[[float('nan')] * 3] * n"), NOTHING),
    Cheat("autoconvolution", "heights below 0", rows("[(-1.0) ** i for i in range(n)]"), NOTHING),
    Cheat("autoconvolution", "next to nothing", rows("[1e-300] * n"), NOTHING),
    Cheat("formulas", "values edited in place", fit("y[:] = 0; x_new[:] = 0; return [0.0] * len(x_new)"),
          fit("return [0.0] * len(x_new)")),
    Cheat("formulas", "infinity", fit("return [float('inf')] * len(x_new)"), NOTHING),
    Cheat("online-bin-packing", "the list of rooms edited in place",
          "def algorithm(size, rooms):\n    rooms[:] = [100] * 9\n    return 0\n",
          "def algorithm(size, rooms): return 0\n"),
    Cheat("online-bin-packing", "True for a bin", "def algorithm(size, rooms): return True\n", NOTHING),
    Cheat("online-bin-packing", "the last bin again and again", "def algorithm(size, rooms): return -1\n", NOTHING),
    Cheat("bin-packing", "the shown sizes edited in place", BEST_FIT.replace("pass", "sample[:] = [1] * 9"), BEST_FIT),
    Cheat("bin-packing", "nan, which nothing is less than", rule("[[float('nan')] * (capacity + 1)] * (capacity + 1)"),
          NOTHING),
    Cheat("bin-packing", "a row short, so that an item has no bin", rule("[[0] * capacity] * (capacity + 1)"), NOTHING),
]  # fmt: skip

SIZED = "np.zeros(len(test_samples), dtype=int)"
SOME = qap("return list(range(len(flow)))")
HARD_CHEATS = [
    *(replace(cheat, task=f"{cheat.task}@hard", released=None)
      for cheat in CHEATS if cheat.task in ("three-sat", "maxcut")),
    Cheat("modified-qap@hard", "an over-long list", qap("return [0] * len(flow) + list(range(len(flow)))"), NOTHING),
    Cheat("modified-qap@hard", "matrices edited in place", qap(
        "flow[:] = 1; distance[:] = 1; preference[:] = 0; return list(range(len(flow)))"
    ), SOME),
    Cheat("parity@hard", "a constant column", parity(f"return {SIZED}[:, None]"), parity(f"return {SIZED}")),
    Cheat("parity@hard", "labels edited in place", parity(
        f"train_parity[:] = 0; test_samples[:] = 0; return {SIZED}"
    ), parity(f"return {SIZED}")),
    Cheat("parity-with-noise@hard", "a constant column", parity(f"return {SIZED}[:, None]"), parity(f"return {SIZED}")),
    Cheat("parity-with-noise@hard", "a matrix of both answers", parity(
        "return np.indices((2 * len(test_samples), len(test_samples)))[0] % 2"
    ), NOTHING),
    Cheat("string-grid-distance@hard", "distances edited in place",
          "def algorithm(strings, distances):\n    distances[:] = [0] * len(distances)\n    return strings[0]\n",
          "def algorithm(strings, distances):\n    return strings[0]\n"),
    Cheat("string-grid-distance@hard", "a text that is equal to all",
          "class Any(str):\n    def __eq__(self, other): return True\n    def __len__(self): return 1\n"
          "    __hash__ = str.__hash__\ndef algorithm(strings, distances): return Any(strings[0] + 'A')\n", NOTHING),
]  # fmt: skip
"""The same holes at the harder levels, which the released code does not have."""
