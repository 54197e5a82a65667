"""Random edits of a program's syntax tree. They know Python and nothing of any task.

Each edit takes a tree, changes it in place at one random spot, and describes the change in a few words; None if the
tree has no such spot. Names and parameters of functions stay: callers rely on them.
"""

import ast
import copy
import random
from collections.abc import Callable, Sequence

Edit = Callable[[ast.Module, random.Random, Sequence[ast.Module]], str | None]

_COMPARISONS: list[type[ast.cmpop]] = [ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq]
_ARITHMETIC: list[type[ast.operator]] = [ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Div, ast.Mod]
_FACTORS = (0.1, 0.25, 0.5, 0.8, 0.9, 1.1, 1.25, 2.0, 3.0, 10.0)
_LARGEST = 1e12


def constant(tree: ast.Module, rng: random.Random, donors: Sequence[ast.Module]) -> str | None:
    """Scale a number, nudge it, or set it to a plain value."""
    numbers = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and type(node.value) in (int, float)]
    if not numbers:
        return None
    node = rng.choice(numbers)
    old = node.value
    assert isinstance(old, (int, float))
    new = _another_number(old, rng)
    node.value = new
    return f"{old!r:.20} became {new!r:.20}"


def _another_number(old: int | float, rng: random.Random) -> int | float:
    if abs(old) > _LARGEST:
        return type(old)(rng.choice([0, 1, 1000]))
    choice = rng.random()
    if choice < 0.6 and old:
        scaled = old * rng.choice(_FACTORS)
        if isinstance(old, float):
            return float(f"{scaled:.4g}")
        return round(scaled) if round(scaled) != old else old + rng.choice([-1, 1])
    if choice < 0.85:
        return old + rng.choice([-1, 1]) if isinstance(old, int) else float(f"{old + rng.choice([-0.1, 0.1]):.4g}")
    return rng.choice([0, 1, 2, 10]) if isinstance(old, int) else rng.choice([0.0, 0.05, 0.5, 1.0])


def comparison(tree: ast.Module, rng: random.Random, donors: Sequence[ast.Module]) -> str | None:
    """Another comparison operator."""
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Compare) and type(node.ops[0]) in _COMPARISONS]
    if not found:
        return None
    node = rng.choice(found)
    node.ops[0] = rng.choice([kind for kind in _COMPARISONS if kind is not type(node.ops[0])])()
    return "another comparison"


def arithmetic(tree: ast.Module, rng: random.Random, donors: Sequence[ast.Module]) -> str | None:
    """Another arithmetic operator."""
    found = [
        node for node in ast.walk(tree) if isinstance(node, (ast.BinOp, ast.AugAssign)) and type(node.op) in _ARITHMETIC
    ]
    if not found:
        return None
    node = rng.choice(found)
    node.op = rng.choice([kind for kind in _ARITHMETIC if kind is not type(node.op)])()
    return "another operator"


def condition(tree: ast.Module, rng: random.Random, donors: Sequence[ast.Module]) -> str | None:
    """Negate a condition, fix it, swap `and` with `or`, or swap the branches."""
    found = [node for node in ast.walk(tree) if isinstance(node, (ast.If, ast.IfExp, ast.BoolOp))]
    if not found:
        return None
    node = rng.choice(found)
    if isinstance(node, ast.BoolOp):
        node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        return "and and or swapped"
    if isinstance(node, ast.If) and node.orelse and rng.random() < 0.3:
        node.body, node.orelse = node.orelse, node.body
        return "branches swapped"
    if rng.random() < 0.5:
        node.test = ast.UnaryOp(ast.Not(), node.test)
        return "a condition negated"
    node.test = ast.Constant(rng.random() < 0.5)
    return "a condition fixed"


def delete(tree: ast.Module, rng: random.Random, donors: Sequence[ast.Module]) -> str | None:
    """Delete a statement of a block that has others; never a function, class or import."""
    spots = [
        (block, index)
        for block in _blocks(tree)
        for index, statement in enumerate(block)
        if len(block) > 1 and not isinstance(statement, _KEPT)
    ]
    if not spots:
        return None
    block, index = rng.choice(spots)
    del block[index]
    return "a statement deleted"


def duplicate(tree: ast.Module, rng: random.Random, donors: Sequence[ast.Module]) -> str | None:
    """Do a statement twice."""
    spots = [
        (block, index)
        for block in _blocks(tree)
        for index, statement in enumerate(block)
        if not isinstance(statement, (*_KEPT, ast.Return, ast.Break, ast.Continue))
    ]
    if not spots:
        return None
    block, index = rng.choice(spots)
    block.insert(index, copy.deepcopy(block[index]))
    return "a statement duplicated"


def swap(tree: ast.Module, rng: random.Random, donors: Sequence[ast.Module]) -> str | None:
    """Swap two statements that follow each other."""
    spots = [
        (block, index)
        for block in _blocks(tree)
        for index in range(len(block) - 1)
        if not isinstance(block[index], _KEPT) and not isinstance(block[index + 1], (*_KEPT, ast.Return))
    ]
    if not spots:
        return None
    block, index = rng.choice(spots)
    block[index], block[index + 1] = block[index + 1], block[index]
    return "two statements swapped"


def keyword(tree: ast.Module, rng: random.Random, donors: Sequence[ast.Module]) -> str | None:
    """Drop a call's keyword argument, or change its number."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and any(k.arg for k in node.keywords)]
    if not calls:
        return None
    call = rng.choice(calls)
    chosen = rng.choice([k for k in call.keywords if k.arg])
    value = chosen.value
    if isinstance(value, ast.Constant) and type(value.value) in (int, float) and rng.random() < 0.7:
        assert isinstance(value.value, (int, float))
        value.value = _another_number(value.value, rng)
        return f"another {chosen.arg}"
    call.keywords.remove(chosen)
    return f"{chosen.arg} dropped"


def recombine(tree: ast.Module, rng: random.Random, donors: Sequence[ast.Module]) -> str | None:
    """Take a function of the same name, a statement or an expression from another program of the prompt."""
    ours = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    theirs = [
        node for donor in donors for node in ast.walk(donor) if isinstance(node, ast.FunctionDef) and node.name in ours
    ]
    if theirs and rng.random() < 0.6:
        piece = rng.choice(theirs)
        ours[piece.name].body = copy.deepcopy(piece.body)
        return f"{piece.name} taken from another program"
    if rng.random() < 0.5 and _take_expression(tree, rng, donors):
        return "an expression taken from another program"
    pieces = [statement for donor in donors for block in _blocks(donor) for statement in block]
    pieces = [piece for piece in pieces if not isinstance(piece, (*_KEPT, ast.Return))]
    blocks = [block for block in _blocks(tree) if block and block is not tree.body]
    if not pieces or not blocks:
        return None
    block = rng.choice(blocks)
    block.insert(rng.randrange(len(block)), copy.deepcopy(rng.choice(pieces)))
    return "a statement taken from another program"


def _take_expression(tree: ast.Module, rng: random.Random, donors: Sequence[ast.Module]) -> bool:
    """One for another of its own kind, which so fits its place. False where the programs share no kind."""
    kind = rng.choice((ast.BinOp, ast.Compare, ast.Call))
    ours = [node for node in ast.walk(tree) if isinstance(node, kind)]
    theirs = [node for donor in donors for node in ast.walk(donor) if isinstance(node, kind)]
    if not ours or not theirs:
        return False
    vars(rng.choice(ours)).update(vars(copy.deepcopy(rng.choice(theirs))))
    return True


_KEPT = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)

EDITS: dict[Edit, float] = {
    constant: 4.0,
    comparison: 1.0,
    arithmetic: 1.0,
    condition: 1.5,
    delete: 1.5,
    duplicate: 0.7,
    swap: 1.0,
    keyword: 1.0,
    recombine: 1.0,
}
"""Each edit and how often it is tried. Numbers are tried most: their edits break least."""


def _blocks(tree: ast.AST) -> list[list[ast.stmt]]:
    """Every list of statements, to be changed in place."""
    blocks = []
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                blocks.append(block)
    return blocks
