"""The shapes in a program that the rules of `strategies.py` look for. Each is answered from a `Reading`."""

import ast
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from selftaught.experiments.names import (
    ATTRIBUTE,
    COMPREHENSIONS,
    LOOPS,
    Binding,
    Loop,
    Variable,
    called_name,
    last_name,
)
from selftaught.experiments.reading import Reading

Iteration = tuple[ast.expr, ast.expr, ast.AST, Sequence[ast.AST]]
"""(target, values, the loop or comprehension, what is done for each of the values)."""

_DRAWS = ("random", "uniform", "rand", "random_sample")
_PICKS = ("choice", "choices", "sample", "randint", "randrange", "integers")
_DRAWN_TOGETHER = ("sample", "choices")
_PAIRINGS = ("combinations", "permutations", "pairwise")
_SPLITS = ("findall", "finditer", "split", "splitlines", "parse", "walk", "get_source_segment")
_SAME_ORDER = ("list", "tuple", "enumerate", "reversed", "tqdm")


def calls(reading: Reading, *names: str) -> list[ast.Call]:
    """The calls of a function or method of one of these names."""
    return [node for node in reading.nodes if isinstance(node, ast.Call) and called_name(node) in names]


def arguments(call: ast.Call) -> list[ast.expr]:
    """All arguments of a call, named ones last."""
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def variables(reading: Reading, target: ast.expr) -> set[Variable]:
    """The variables that an assignment to a target sets."""
    return {variable for node in ast.walk(target) if (variable := reading.variable(node))}


def is_one(node: ast.expr) -> bool:
    """Whether this is 1, or -1, written out."""
    node = node.operand if isinstance(node, ast.UnaryOp) else node
    return isinstance(node, ast.Constant) and node.value == 1


# Loops


def iterations(reading: Reading) -> Iterator[Iteration]:
    """Every loop over values, and every comprehension but those that only make one text of them."""
    for node in reading.nodes:
        if isinstance(node, (ast.For, ast.AsyncFor)):
            yield node.target, node.iter, node, list(node.body)
        elif isinstance(node, COMPREHENSIONS) and called_name(reading.parent[node]) != "join":
            made = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
            for number, part in enumerate(node.generators, 1):
                yield part.target, part.iter, node, [*made, *(later.iter for later in node.generators[number:])]


def asked_for_each(reading: Reading) -> Iterator[ast.expr]:
    """The values, each of which is spoken of in a message of its own."""
    for target, values, place, each in iterations(reading):
        chosen = all(isinstance(part, ast.Name) for part in each)  # [s for s in xs if …]: no message is made of s yet
        asked = any(reading.asks_in(part) for part in each) or (reading.said(place) and not chosen)
        if asked and variables(reading, target) & reading.prompted:
            yield values
    for call in calls(reading, "map", "imap", "submit"):
        if len(call.args) > 1 and reading.function(call.args[0]) in reading.asking:
            yield call.args[1]


def asking_loops(reading: Reading) -> list[Loop]:
    """The loops (not comprehensions) that ask the model in every round."""
    return [node for node in reading.nodes if isinstance(node, LOOPS) and asks_every_round(reading, node)]


def asks_every_round(reading: Reading, loop: Loop) -> bool:
    """Whether a loop asks the model in its body or its test, not only for the values to go through."""
    tested = [loop.test] if isinstance(loop, ast.While) else []
    return any(reading.asks_in(part) for part in [*tested, *loop.body])


def bound_in(reading: Reading, loop: Loop) -> Iterator[Binding]:
    """What a loop's body sets of the variables around it, itself or by a function that it calls."""
    seen = reading.scopes_around(loop)
    inside = set().union(*(reading.nodes_reached_from(statement) for statement in loop.body))
    yield from (b for b in reading.bindings if b.place in inside and b.variable[0] in seen)


def carried(reading: Reading, loop: Loop) -> bool:
    """Whether a round of the loop asks about something that an earlier round's answers have changed."""
    reached = reading.nodes_reached_from(loop)
    messages = {m for call in reading.asks if call in reached for m in reading.messages(call)}
    spoken_of = reading.closure({source for message in messages for source in reading.sources(message)})
    body = {node for statement in loop.body for node in ast.walk(statement)}
    for variable in ({binding.variable for binding in bound_in(reading, loop)} & spoken_of) - set(reading.functions):
        others = [binding for binding in reading.by_variable[variable] if binding.place not in body]
        before = variable[0] == ATTRIBUTE or variable in reading.parameters or others
        if before and reading.variable_comes_from(variable, "answer"):
            return True
    return False


def way_out(reading: Reading, node: ast.Break | ast.Return) -> tuple[list[ast.expr], Loop | None]:
    """The tests under which a statement leaves a loop, and that loop; of those that a return leaves, the outermost."""
    tests: list[ast.expr] = []
    inside: list[ast.expr] = []
    loop: Loop | None = None
    for around in reading.around(node):
        if isinstance(around, ast.If):
            tests.append(around.test)
        elif isinstance(around, LOOPS):
            loop, inside = around, [*tests]
            if isinstance(node, ast.Break):
                break
    return inside, loop


def frontiers(reading: Reading, node: ast.AST) -> Iterator[Variable]:
    """The collection out of which a call takes what the model is asked about next."""
    if not isinstance(node, ast.Call):
        return
    name = called_name(node)
    base = node.func.value if isinstance(node.func, ast.Attribute) else None
    if name == "heappop" and node.args and reading.said(node):
        base = node.args[0]
    elif name == "remove" and node.args:
        base = base if reading.variable(node.args[0]) in reading.prompted else None
    elif name not in ("pop", "popleft", "get", "get_nowait") or not reading.said(node):
        base = None
    if base and (variable := reading.variable(base)):
        yield variable


def over_answers(reading: Reading, node: ast.AST) -> bool:
    """Whether a loop or comprehension goes through what the model answered."""
    if isinstance(node, (ast.For, ast.AsyncFor)):
        return reading.comes_from(node.iter, "answer")
    return isinstance(node, COMPREHENSIONS) and any(reading.comes_from(p.iter, "answer") for p in node.generators)


def handed_to_threads(call: ast.Call) -> list[ast.expr]:
    """What a call may run beside the rest: `pool.map(f, …)`, `pool.submit(f, …)`, `Thread(target=f)`."""
    name = called_name(call)
    if name == "Thread":
        return [keyword.value for keyword in call.keywords if keyword.arg == "target"]
    if isinstance(call.func, ast.Attribute) and name in ("map", "submit", "imap", "apply_async"):
        return call.args[:1]
    return call.args if name in ("to_thread", "run_in_executor") else []


# Choosing


class Kept:
    """Which expressions are the best few by score: `sorted(…)[:k]`, `nlargest(k, …)`, and what they are assigned to."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._kept: set[Variable] = set()
        self._ranked: set[Variable] = set()
        for call in calls(reading, "sort"):
            if isinstance(call.func, ast.Attribute) and self._by_score(call.func.value, call):
                self._ranked |= variables(reading, call.func.value)
        while True:
            plain = [binding for binding in reading.bindings if not binding.take and not binding.put]
            kept = {binding.variable for binding in plain if self.holds(binding.value)}
            ranked = {binding.variable for binding in plain if self._is_ranked(binding.value)}
            if kept <= self._kept and ranked <= self._ranked:
                return
            self._kept |= kept
            self._ranked |= ranked

    def holds(self, node: ast.expr) -> bool:
        """Whether an expression is such a selection, of more than one."""
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice) and self._is_ranked(node.value):
            bound = node.slice.upper or node.slice.lower
            return bound is not None and not is_one(bound)
        if called_name(node) in ("nlargest", "nsmallest") and isinstance(node, ast.Call):
            return len(node.args) > 1 and not is_one(node.args[0]) and self._by_score(node)
        return self._passes_on(node, self._kept, self.holds)

    def _is_ranked(self, node: ast.expr) -> bool:
        if called_name(node) in ("sorted", "argsort", "most_common"):
            return self._by_score(node)
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
            return not (node.slice.lower or node.slice.upper) and self._is_ranked(node.value)
        return self._passes_on(node, self._ranked, self._is_ranked)

    def _passes_on(self, node: ast.expr, known: set[Variable], is_such: Callable[[ast.expr], bool]) -> bool:
        if isinstance(node, (ast.ListComp, ast.GeneratorExp)):
            return is_such(node.generators[0].iter)
        if isinstance(node, ast.Call):
            if called_name(node) in _SAME_ORDER and node.args:
                return is_such(node.args[0])
            return bool(self._reading.function(node.func)) and self._reading.variable(node.func) in known
        return self._reading.variable(node) in known

    def _by_score(self, *nodes: ast.expr) -> bool:
        return any(self._reading.comes_from(node, "score", chosen_by=True) for node in nodes)


def couples(reading: Reading) -> Iterator[tuple[Variable, Variable, ast.expr]]:
    """Two variables that hold two members of one collection: two parents, perhaps; and where they are taken."""
    unpacked: dict[tuple[ast.AST, ast.expr], list[tuple[int, Binding]]] = defaultdict(list)
    alike: dict[tuple[int, str], list[Binding]] = defaultdict(list)  # in one scope: a name elsewhere is another's
    for binding in reading.bindings:
        if (place := _place_in_pair(reading, binding)) is not None:
            unpacked[binding.place, binding.value].append((place, binding))
        elif isinstance(binding.value, ast.Call) and not binding.put:
            alike[binding.variable[0], ast.dump(binding.value)].append(binding)
        elif isinstance(binding.value, ast.Subscript) and _is_member(reading, binding.value):
            alike[binding.variable[0], ast.dump(binding.value.value)].append(binding)
    for (place, first), *rest in unpacked.values():
        yield from ((first.variable, other.variable, other.value) for its, other in rest if its != place)
    for first, *others in alike.values():
        yield from (
            (first.variable, other.variable, other.value)
            for other in others
            if other.variable != first.variable and other.take == first.take
        )


def _place_in_pair(reading: Reading, binding: Binding) -> int | None:
    """Which of several members of one collection is taken: by `a, b = sample(xs, 2)`, `for a, b in zip(xs, xs[1:])`."""
    iterated = binding.take[:1] == ("[]",)
    place = next(iter(binding.take[1:] if iterated else binding.take), None)
    if not isinstance(place, int):
        return None
    variable = reading.variable(binding.value)
    named = [b.value for b in reading.by_variable.get(variable, ()) if not b.take] if variable else []
    return place if any(_pairs(reading, value, iterated=iterated) for value in [binding.value, *named]) else None


def _pairs(reading: Reading, node: ast.expr, *, iterated: bool) -> bool:
    """Whether a value (or, iterated, each element of it) is made of members of one collection."""
    if not iterated:
        sliced = isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice)
        return sliced or called_name(node) in _DRAWN_TOGETHER
    if isinstance(node, ast.Call) and called_name(node) == "zip":
        return len({frozenset(reading.sources(argument)) for argument in node.args}) < len(node.args)
    return called_name(node) in _PAIRINGS


def _is_member(reading: Reading, node: ast.Subscript) -> bool:
    """Whether `xs[i]` is one of several alike, not a field of a tuple nor a piece of a text."""
    if isinstance(node.slice, ast.Slice):
        return False
    kinds = reading.kinds(node.value)
    return not any(isinstance(path[0], int) or path in (("answer",), ("solution",)) for path in kinds)


def says_two(reading: Reading, node: ast.expr) -> bool:
    """Whether a message shows two different members of one collection of answers: `f"{parents[0]} {parents[1]}"`."""
    if not isinstance(node, ast.JoinedStr) or not reading.said(node):
        return False
    shown: dict[str, set[str]] = defaultdict(set)
    for part in node.values:
        value = part.value if isinstance(part, ast.FormattedValue) else None
        if isinstance(value, ast.Subscript) and _is_member(reading, value) and reading.comes_from(value, "answer"):
            shown[ast.dump(value.value)].add(ast.dump(value.slice))
    return any(len(indices) > 1 for indices in shown.values())


def splices_two(reading: Reading, node: ast.AST) -> bool:
    """`first[:cut] + second[cut:]`, of two different programs that came of answers."""
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add)):
        return False
    left, right = node.left, node.right
    if not (isinstance(left, ast.Subscript) and isinstance(right, ast.Subscript)):
        return False
    if not (isinstance(left.slice, ast.Slice) and isinstance(right.slice, ast.Slice)):
        return False
    ends = left.slice.upper and not left.slice.lower and right.slice.lower and not right.slice.upper
    two = ast.dump(left.value) != ast.dump(right.value)
    return bool(ends) and two and all(reading.comes_from(part.value, "answer") for part in (left, right))


def draws(node: ast.AST) -> bool:
    """Whether a random number is drawn within an expression."""
    return any(called_name(part) in _DRAWS for part in ast.walk(node))


def exponents(reading: Reading, node: ast.expr) -> Iterator[ast.expr]:
    """The x of each exp(x) and e ** x in an expression, or in what its names are set to."""
    for part in [
        node,
        *(b.value for v in reading.sources(node) if isinstance(v, tuple) for b in reading.by_variable[v]),
    ]:
        for inner in ast.walk(part):
            if isinstance(inner, ast.Call) and called_name(inner) == "exp" and inner.args:
                yield inner.args[0]
            elif isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Pow) and last_name(inner.left) == "e":
                yield inner.right


def is_confidence_bound(node: ast.AST) -> bool:
    """√(… log(N) / n): what an upper confidence bound adds to a mean."""
    if called_name(node) != "sqrt" and not (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Pow)
        and isinstance(node.right, ast.Constant)
        and node.right.value == 0.5
    ):
        return False
    divisions = [part for part in ast.walk(node) if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Div)]
    return any(called_name(inner) == "log" for division in divisions for inner in ast.walk(division.left))


def picks_at_random_in_one_branch(reading: Reading, node: ast.If | ast.IfExp) -> bool:
    """Whether one branch takes a random one of what was found so far, where the other does not."""
    if isinstance(node, ast.IfExp):
        return _picks(reading, node.body) != _picks(reading, node.orelse)
    within = {part for statement in node.body for part in ast.walk(statement)}
    by_branch: dict[Variable, tuple[set[bool], set[bool]]] = defaultdict(lambda: (set(), set()))
    for binding in reading.bindings:
        by_branch[binding.variable][binding.place in within].add(_picks(reading, binding.value))
    return any(inside and (True in inside) != (True in outside) and outside for outside, inside in by_branch.values())


def _picks(reading: Reading, node: ast.expr) -> bool:
    return any(called_name(part) in _PICKS and reading.comes_from(part, "answer") for part in ast.walk(node))


# Texts, temperatures, limits


def parts_of_a_program(reading: Reading, values: ast.expr) -> bool:
    """Whether values are pieces of the program to be improved."""
    named = [b.value for v in reading.sources(values) if isinstance(v, tuple) for b in reading.by_variable[v]]
    for call in (node for part in [values, *named] for node in ast.walk(part)):
        if isinstance(call, ast.Call) and called_name(call) in _SPLITS:
            whole = [*call.args, *([call.func.value] if isinstance(call.func, ast.Attribute) else [])]
            if any(reading.closure(reading.sources(text)) & reading.solutions for text in whole):
                return True
    return False


def is_text(node: ast.expr | None) -> bool:
    """Whether words are written out here, perhaps with something beside them."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and any(character.isalpha() for character in node.value)
    if isinstance(node, ast.Tuple):
        return any(is_text(part) for part in node.elts)
    return isinstance(node, ast.JoinedStr)


def said_one_by_one(reading: Reading, literals: list[ast.expr]) -> Iterator[ast.expr]:
    """Those written-out collections of which members go into messages, and not all of it into each."""
    taken = {node for values in asked_for_each(reading) for node in ast.walk(values)}
    loads = [n for n in reading.nodes if isinstance(n, (ast.Name, ast.Attribute)) and isinstance(n.ctx, ast.Load)]
    for literal in literals:
        names = {binding.variable for binding in reading.bindings if binding.value is literal and not binding.take}
        uses = [literal, *(node for node in loads if names and reading.variable(node) in names)]
        if any(use in reading.all_messages or use in taken or _picked_and_said(reading, use) for use in uses):
            yield literal


def _picked_and_said(reading: Reading, node: ast.expr) -> bool:
    """Whether one of a collection is taken out, by `xs[i]` or `choice(xs)`, and goes into a message."""
    above = reading.parent[node]
    indexed = isinstance(above, ast.Subscript) and above.value is node and not isinstance(above.slice, ast.Slice)
    picked = isinstance(above, ast.Call) and called_name(above) in (*_PICKS, "cycle")
    return (indexed or picked) and reading.said(above)


def temperature(call: ast.Call) -> ast.expr | None:
    """How hot the model is asked; None where that is left to it."""
    place = {"prompt": 3, "batch_prompt": 2}.get(called_name(call), len(call.args))
    named = next((keyword.value for keyword in call.keywords if keyword.arg == "temperature"), None)
    return named or (call.args[place] if place < len(call.args) else None)


def varies(reading: Reading, node: ast.expr, seen: set[Variable] | None = None) -> bool:
    """Whether a value is not the same each time; `seen` grows by the variables asked about, so each is but once."""
    seen = set() if seen is None else seen
    if draws(node) or any(called_name(part) in _PICKS for part in ast.walk(node)):
        return True
    if reading.comes_from(node, "score", chosen_by=True):
        return True
    for part in ast.walk(node):
        if isinstance(part, ast.Attribute) and part.attr in ("uses", "times_used") and is_given(reading, part.value):
            return True
        if (
            isinstance(part, ast.Subscript)
            and not isinstance(part.slice, ast.Constant)
            and reading.variable(part.value)
        ):
            return True
        variable = reading.variable(part)
        if variable and variable not in seen:
            seen.add(variable)
            if _variable_varies(reading, variable, seen):
                return True
    return False


def _variable_varies(reading: Reading, variable: Variable, seen: set[Variable]) -> bool:
    bindings = reading.by_variable.get(variable, [])
    bindings = [b for b in bindings if not isinstance(b.place, ast.arg)] or bindings  # a default, unless it is all
    if any(b.take[:1] == ("[]",) or isinstance(b.place, ast.AugAssign) for b in bindings):
        return True
    return len({ast.dump(b.value) for b in bindings}) > 1 or any(varies(reading, b.value, seen) for b in bindings)


def looked_up(reading: Reading) -> Iterator[Variable]:
    """The collections that are asked whether they hold something."""
    for node in reading.nodes:
        found: ast.AST | None = None
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.In, ast.NotIn)):
            found = node.comparators[0]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
            found = node.func.value
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and _guarded(reading, node):
            found = node.value
        if found and (variable := reading.variable(found)):
            yield variable


def _guarded(reading: Reading, node: ast.expr) -> bool:
    tries = [around for around in reading.around(node) if isinstance(around, ast.Try)]
    return any(handler.type and last_name(handler.type) == "KeyError" for t in tries for handler in t.handlers)


def stored_by_program(reading: Reading, binding: Binding) -> bool:
    """Whether a score or an answer is put into a collection under a program or a message."""
    if binding.put != "value" or not (reading.holds(binding.value, "score") or reading.holds(binding.value, "answer")):
        return False
    keys = [b.value for b in reading.by_variable[binding.variable] if b.put == "key" and b.place is binding.place]
    return any(
        reading.comes_from(key, "answer")
        or reading.closure(reading.sources(key)) & reading.solutions
        or reading.said(key)
        for key in keys
    )


def asks_for_several(call: ast.Call) -> bool:
    """Whether a call of the model wants, or may want, more than one answer."""
    if called_name(call) == "batch_prompt":
        batch = [k.value for k in call.keywords if k.arg == "message_batch"] + call.args[1:2]
        return not (batch and isinstance(batch[0], ast.List) and len(batch[0].elts) == 1)
    number = [k.value for k in call.keywords if k.arg == "n_responses"] + call.args[2:3]
    return bool(number) and not is_one(number[0])


def is_given(reading: Reading, node: ast.AST) -> bool:
    """Whether an expression is the utility or the model that the improver was given."""
    return reading.is_utility(node) or reading.is_model(node)


def is_insides(reading: Reading, node: ast.AST) -> bool:
    """`x.__dict__` and `vars(x)` of the utility or the model."""
    if isinstance(node, ast.Call):
        return called_name(node) == "vars" and any(is_given(reading, argument) for argument in node.args)
    return isinstance(node, ast.Attribute) and node.attr == "__dict__" and is_given(reading, node.value)


def limits_read(reading: Reading) -> set[str]:
    """The limits that a program reads: "max_responses_per_call", and "utility" where it reads that one's budget."""
    found: set[str] = set()
    for node in reading.nodes:
        name, owner = "", None
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            name, owner = node.attr, node.value
        elif isinstance(node, ast.Call) and called_name(node) == "getattr" and len(node.args) > 1:
            owner = node.args[0]
            name = str(node.args[1].value) if isinstance(node.args[1], ast.Constant) else ""
        if name == "max_responses_per_call":
            found.add(name)
        elif name in ("budget", "uses") and owner and reading.is_utility(owner):
            found.add("utility")
    return found
