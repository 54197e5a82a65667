"""A program's names, read once: scopes, its own functions, where a variable gets a value, and which are the utility.

The rules of `bypass.py` and `circumventions.py` stand on this, so that what they find does not hang on what a program
calls its variables. Nothing is executed. The order of statements is ignored: a name means everything that is ever bound
to it. Attributes of all objects count as one variable per name.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from selftaught.tasks.syntax import UNREADABLE, tree_of

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)

Variable = tuple[int, str]
"""The scope (a number; ATTRIBUTE for attributes) and the name."""
ATTRIBUTE = -1

_ENTRY = "improve_algorithm"
_MOST_CHARACTERS = 50_000  # several times what a model writes; the work can be quadratic in it


@dataclass(frozen=True)
class Binding:
    """One place where a variable gets a value: part of the value of `value`, taken out by `take`."""

    variable: Variable
    value: ast.expr
    place: ast.AST
    take: tuple[str | int, ...] = ()


def read(source: str) -> "Reading | None":
    """None for what is no Python, is too long, or nests too deep for Python to read."""
    if len(source) > _MOST_CHARACTERS:
        return None
    try:
        return Reading(tree_of(source))
    except UNREADABLE:
        return None


def called_name(call: ast.AST) -> str:
    """The last name of what is called: `f` of `f()`, `a.f()`; empty if there is none."""
    return last_name(call.func) if isinstance(call, ast.Call) else ""


def last_name(node: ast.AST) -> str:
    """`x` of `x` and of `a.b.x`; empty for all else."""
    return getattr(node, "id", getattr(node, "attr", ""))


class Reading:
    """What is known of one program.

    Attributes:
        nodes: all nodes of the tree, and `parent` of each.
        bindings: every place where a variable gets a value; `by_variable` of each variable.
        functions: the program's own functions and methods, by the variable that holds them.
    """

    def __init__(self, tree: ast.Module) -> None:
        self.nodes = list(ast.walk(tree))
        self.parent = {child: node for node in self.nodes for child in ast.iter_child_nodes(node)}
        self._scope_of: dict[ast.AST, int] = {}
        self._names: dict[int, set[str]] = defaultdict(set)
        self._outer: dict[int, int] = {}
        self._find_scopes(tree)
        self.functions = dict(self._find_functions())
        self.bindings = list(self._find_bindings())
        self.by_variable: dict[Variable, list[Binding]] = defaultdict(list)
        for binding in self.bindings:
            self.by_variable[binding.variable].append(binding)
        self._utilities, self._models = self._also_called(1), self._also_called(2)

    def variable(self, node: ast.AST) -> Variable | None:
        """The variable that a name or an attribute stands for; None for all else."""
        if isinstance(node, ast.Attribute):
            return (ATTRIBUTE, node.attr)
        if not isinstance(node, ast.Name):
            return None
        scope = self._scope_of[node]
        while scope and node.id not in self._names[scope]:
            scope = self._outer[scope]
        return (scope, node.id)

    def function(self, node: ast.AST) -> Function | None:
        """The program's own function that an expression names, or is."""
        if isinstance(node, ast.Lambda):
            return node
        variable = self.variable(node)
        return self.functions.get(variable) if variable else None

    def is_utility(self, node: ast.AST) -> bool:
        """Whether an expression may be the utility."""
        return self.variable(node) in self._utilities

    def is_given(self, node: ast.AST) -> bool:
        """Whether an expression may be the utility or the language model itself."""
        return self.variable(node) in self._utilities | self._models

    @property
    def has_model(self) -> bool:
        """Whether the improver is given a language model; in the paper's earlier studies it makes its own."""
        return bool(self._models)

    def _also_called(self, place: int) -> set[Variable]:
        """The variables that may hold what the improver gets as its argument at this place, from 0."""
        found: set[Variable] = set()
        for (_, name), function in self.functions.items():
            arguments = [one for one in _parameters(function) if one.arg != "self"]
            shift = (
                len(arguments) > 2 and "util" in arguments[2].arg
            )  # (solution, utility_str, utility) in earlier studies
            if name == _ENTRY and len(arguments) > place + shift:
                found.add((self._scope_within(function), arguments[place + shift].arg))
        while True:
            plain = (binding for binding in self.bindings if not binding.take)
            more = {binding.variable for binding in plain if self.variable(binding.value) in found} - found
            if not more:
                return found
            found |= more

    def _find_scopes(self, tree: ast.Module) -> None:
        todo: list[tuple[ast.AST, int]] = [(tree, 0)]
        while todo:
            node, scope = todo.pop()
            self._scope_of[node] = inner = scope
            outside: set[ast.AST] = set()
            if isinstance(node, _FUNCTIONS):
                inner = len(self._outer) + 1
                self._outer[inner] = scope
                self._names[inner].update(argument.arg for argument in _parameters(node))
                defaults = [*node.args.defaults, *(one for one in node.args.kw_defaults if one)]
                outside = {*defaults, *([] if isinstance(node, ast.Lambda) else node.decorator_list)}
                if not isinstance(node, ast.Lambda):
                    self._names[scope].add(node.name)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self._names[scope].add(node.id)
            todo += [(child, scope if child in outside else inner) for child in ast.iter_child_nodes(node)]
        for node in self.nodes:
            if isinstance(node, (ast.Global, ast.Nonlocal)):
                self._names[self._scope_of[node]].difference_update(node.names)

    def _scope_within(self, function: Function) -> int:
        return self._scope_of[function.body if isinstance(function, ast.Lambda) else function.body[0]]

    def _find_functions(self) -> Iterator[tuple[Variable, Function]]:
        for node in self.nodes:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                in_class = isinstance(self.parent[node], ast.ClassDef)
                yield (ATTRIBUTE if in_class else self._scope_of[node], node.name), node
            elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
                yield from ((variable, node.value) for one in node.targets if (variable := self.variable(one)))

    def _find_bindings(self) -> Iterator[Binding]:
        for node in self.nodes:
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    yield from self._bound(target, node.value, node)
            elif isinstance(node, (ast.AnnAssign, ast.AugAssign, ast.NamedExpr)) and node.value:
                yield from self._bound(node.target, node.value, node)
            elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
                yield from self._bound(node.target, node.iter, node, ("[]",))
            elif isinstance(node, _FUNCTIONS):
                yield from self._defaults(node)
            elif isinstance(node, ast.Call) and (function := self.function(node.func)):
                yield from self._passed(node, function)

    def _bound(
        self, target: ast.expr, value: ast.expr, place: ast.AST, take: tuple[str | int, ...] = ()
    ) -> Iterator[Binding]:
        if isinstance(target, (ast.Tuple, ast.List)):
            parts = value.elts if isinstance(value, (ast.Tuple, ast.List)) and not take else []
            for number, one in enumerate(target.elts):
                if len(parts) == len(target.elts):
                    yield from self._bound(one, parts[number], place)
                else:
                    yield from self._bound(one, value, place, (*take, number))
        elif variable := self.variable(target):
            yield Binding(variable, value, place, take)

    def _defaults(self, function: Function) -> Iterator[Binding]:
        given = function.args
        positional = [*given.posonlyargs, *given.args]
        pairs = [
            *zip(positional[len(positional) - len(given.defaults) :], given.defaults, strict=True),
            *zip(given.kwonlyargs, given.kw_defaults, strict=True),
        ]
        for argument, default in pairs:
            if default:
                yield Binding((self._scope_within(function), argument.arg), default, argument)

    def _passed(self, call: ast.Call, function: Function) -> Iterator[Binding]:
        names = [argument.arg for argument in [*function.args.posonlyargs, *function.args.args]]
        if isinstance(self.parent.get(function), ast.ClassDef):
            names = names[1:]
        named = [(keyword.arg, keyword.value) for keyword in call.keywords if keyword.arg]
        for name, value in [*zip(names, call.args, strict=False), *named]:
            if not isinstance(value, ast.Starred):
                yield Binding((self._scope_within(function), name), value, call)


def _parameters(function: Function) -> list[ast.arg]:
    """In the order in which they are written."""
    a = function.args
    return [*a.posonlyargs, *a.args, *([a.vararg] if a.vararg else []), *a.kwonlyargs, *([a.kwarg] if a.kwarg else [])]
