"""What the values of an improver's program may be: the utility, the model, scores, answers, and collections of them.

An improver is known by its interface: `improve_algorithm(initial_solution, utility, language_model)` by position, and
the methods of the latter two by name.
"""

import ast
from collections import defaultdict

from selftaught.experiments.names import ATTRIBUTE, Names, Variable, called_name, parameters

Path = tuple[str | int, ...]
"""Steps into a value, and what is there: "[]" any element, a number that one, "key" and "value" of a dictionary."""

Kinds = frozenset[Path]

NOTHING: Kinds = frozenset()

_ENTRY = "improve_algorithm"
_ASKING = ("prompt", "batch_prompt")
_MOST_ROUNDS = 30  # of the fixpoint; a program needs as many as its longest chain of names is against the order of text
_LONGEST_PATH = 5
_SAME_ELEMENTS = ("sorted", "list", "tuple", "set", "reversed", "iter", "deepcopy", "copy", "as_completed", "tqdm")
_ONE_ELEMENT = ("max", "min", "next", "choice")
_SAME_VALUE = ("strip", "lstrip", "rstrip", "lower", "result", "copy", "join", "round", "float", "int", "abs", "str")


def element(kinds: Kinds) -> Kinds:
    """What iterating over a value gives."""
    return frozenset(path[1:] for path in kinds if path[0] in ("[]", "key") or isinstance(path[0], int))


def within(kinds: Kinds, step: str | int) -> Kinds:
    """What a step into a value gives; a number steps into lists as well."""
    return frozenset(path[1:] for path in kinds if path[0] in (step, "[]", "value"))


def exactly(kinds: Kinds, step: str | int) -> Kinds:
    """What a step gives that is written so: the keys of a dictionary, or its values."""
    return frozenset(path[1:] for path in kinds if path[0] == step)


def wrapped(kinds: Kinds, step: str | int) -> Kinds:
    """A value of which the step gives these."""
    return frozenset((step, *path) for path in kinds if len(path) < _LONGEST_PATH)


class Values(Names):
    """The kinds of values in one program.

    Attributes:
        solutions: the variables that hold the program to be improved, to begin with.
    """

    def __init__(self, tree: ast.Module) -> None:
        super().__init__(tree)
        self._known: dict[Variable, Kinds] = defaultdict(lambda: NOTHING)
        self._kinds: dict[ast.AST, Kinds] = {}  # of one round; else a chain of n calls takes 2^n steps
        self._find_kinds()

    def _find_kinds(self) -> None:
        for variable, function in self.functions.items():
            if variable[1] == _ENTRY:
                scope = self.scope_within(function)
                kinds = ("solution", "utility", "model")
                for argument, kind in zip([a for a in parameters(function) if a.arg != "self"], kinds, strict=False):
                    self._known[scope, argument.arg] = frozenset({(kind,)})
        self.solutions = {variable for variable, known in self._known.items() if ("solution",) in known}
        for _ in range(_MOST_ROUNDS):
            grown = False
            self._kinds.clear()
            for binding in self.bindings:
                kinds_here = self.kinds(binding.value)
                for step in binding.take:
                    kinds_here = element(kinds_here) if step == "[]" else within(kinds_here, step)
                if binding.put:
                    kinds_here = wrapped(kinds_here, binding.put)
                if not kinds_here <= self._known[binding.variable]:
                    self._known[binding.variable] |= kinds_here
                    grown = True
            if not grown:
                return

    def kinds(self, node: ast.AST) -> Kinds:
        """What an expression's value may be: utility, batch, model, ask, score, answer, solution, or a path to one."""
        if node not in self._kinds:
            self._kinds[node] = self._kinds_of(node)
        return self._kinds[node]

    def _kinds_of(self, node: ast.AST) -> Kinds:
        match node:
            case ast.Name():
                return self._known[self.resolved(node.id, self.scope_of[node])]
            case ast.Attribute():
                return self._kinds_of_attribute(node)
            case ast.Call():
                return self._kinds_of_call(node)
            case ast.Tuple():
                return frozenset().union(*(wrapped(self.kinds(part), i) for i, part in enumerate(node.elts)))
            case ast.List() | ast.Set():
                return wrapped(self._of_all(node.elts), "[]")
            case ast.Dict():
                keys = self._of_all([key for key in node.keys if key])
                return wrapped(keys, "key") | wrapped(self._of_all(node.values), "value")
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
                return wrapped(self.kinds(node.elt), "[]")
            case ast.DictComp():
                return wrapped(self.kinds(node.key), "key") | wrapped(self.kinds(node.value), "value")
            case ast.Subscript(slice=ast.Slice()):
                return self.kinds(node.value)
            case ast.Subscript():
                index = node.slice.value if isinstance(node.slice, ast.Constant) else "[]"
                return within(self.kinds(node.value), index if isinstance(index, int) else "[]")
            case ast.BinOp() | ast.BoolOp() | ast.IfExp() | ast.UnaryOp():
                parts = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
                return self._of_all(parts[1:] if isinstance(node, ast.IfExp) else parts)
            case ast.NamedExpr() | ast.Await() | ast.Starred() | ast.FormattedValue():
                return self.kinds(node.value)
            case ast.JoinedStr():
                return self._of_all(node.values)
        return NOTHING

    def _of_all(self, nodes: list[ast.expr]) -> Kinds:
        return frozenset().union(*(self.kinds(node) for node in nodes))

    def _kinds_of_attribute(self, node: ast.Attribute) -> Kinds:
        if node.attr in _ASKING:
            return frozenset({("ask",)})
        base = self.kinds(node.value)
        if ("utility",) in base:
            return frozenset({("batch",)}) if node.attr == "batch" else NOTHING
        if ("model",) in base:
            return NOTHING
        return self._known[ATTRIBUTE, node.attr]

    def _kinds_of_call(self, node: ast.Call) -> Kinds:
        name, arguments = called_name(node), node.args
        result = self._kinds_of_result(node.func)
        if result:
            return result
        first = self.kinds(arguments[0]) if arguments else NOTHING
        base = self.kinds(node.func.value) if isinstance(node.func, ast.Attribute) else NOTHING
        if name in ("map", "imap") and len(arguments) > 1:
            return wrapped(self._kinds_of_result(arguments[0]), "[]")
        if name == "submit" and arguments:
            return self._kinds_of_result(arguments[0])
        if name == "zip":
            return wrapped(
                frozenset().union(*(wrapped(element(self.kinds(a)), i) for i, a in enumerate(arguments))), "[]"
            )
        if name == "enumerate":
            return wrapped(wrapped(element(first), 1), "[]")
        if name in ("items", "most_common"):
            return wrapped(wrapped(exactly(base, "key"), 0) | wrapped(exactly(base, "value"), 1), "[]")
        if name == "dict":
            return wrapped(within(element(first), 0), "key") | wrapped(within(element(first), 1), "value")
        if name == "values":
            return wrapped(exactly(base, "value"), "[]")
        if name in ("get", "pop", "popleft", "setdefault"):
            return within(base, "[]")
        if name in ("heappop", *_ONE_ELEMENT) and len(arguments) == 1:
            return element(first)
        if name in ("nlargest", "nsmallest", "sample", "choices", "combinations", "permutations"):
            return self._of_all(arguments[:2])
        if name in _SAME_ELEMENTS:
            return wrapped(element(first), "[]")
        if name in (*_ONE_ELEMENT, *_SAME_VALUE, "sum", "mean", "fmean", "format"):
            # Of a number or a text made from several, what they are.
            flat = first | base | self._of_all(arguments)
            return flat | element(flat)
        return NOTHING

    def _kinds_of_result(self, function: ast.AST) -> Kinds:
        kinds = self.kinds(function)
        found = set(self.kinds(function.body)) if isinstance(function, ast.Lambda) else set()
        if ("utility",) in kinds:
            found.add(("score",))
        if ("batch",) in kinds:
            found.add(("[]", "score"))
        if ("ask",) in kinds:
            found.add(("[]", "answer"))
        variable = self.variable(function)
        if variable in self.functions:
            found |= self._known[variable]
        return frozenset(found)

    def is_utility(self, node: ast.AST) -> bool:
        """Whether an expression may be the utility itself."""
        return ("utility",) in self.kinds(node)

    def is_model(self, node: ast.AST) -> bool:
        """Whether an expression may be the language model itself."""
        return ("model",) in self.kinds(node)

    def holds(self, node: ast.AST, what: str) -> bool:
        """Whether an expression's value may be, or hold anywhere in it, a "score" or an "answer"."""
        return any(path[-1] == what for path in self.kinds(node))
