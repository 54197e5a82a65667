"""A program's names: scopes, its own functions, and every place where a variable gets a value.

Nothing here knows what an improver is; `kinds.py` does, and `reading.py` puts both together.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from selftaught.tasks.syntax import UNREADABLE, tree_of

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Loop = ast.For | ast.AsyncFor | ast.While
LOOPS = (ast.For, ast.AsyncFor, ast.While)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)

Variable = tuple[int, str]
"""The scope (a number; ATTRIBUTE for attributes) and the name."""

ATTRIBUTE = -1

_MOST_CHARACTERS = 50_000  # several times what a model writes; the work can be quadratic in it
_ADDING = ("append", "add", "put", "put_nowait", "push", "appendleft", "insert", "heappush", "heappushpop")


@dataclass(frozen=True)
class Binding:
    """One place where a variable gets a value: part of the value of `value`, taken out by `take`, then put at `put`."""

    variable: Variable
    value: ast.expr
    place: ast.AST
    take: tuple[str | int, ...] = ()
    put: str = ""


def parsed(source: str) -> ast.Module | None:
    """The syntax tree; None for what is no Python, is too long, or nests too deep for Python to read."""
    if len(source) > _MOST_CHARACTERS:
        return None
    try:
        return tree_of(source)
    except UNREADABLE:
        return None


def called_name(call: ast.AST) -> str:
    """The last name of what is called: `f` of `f()`, `a.f()`; empty if there is none."""
    if not isinstance(call, ast.Call):
        return ""
    return last_name(call.func)


def last_name(node: ast.AST) -> str:
    """`x` of `x` and of `a.b.x`; empty for all else."""
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


class Names:
    """The names of one program. Raises RecursionError for a tree too deep to follow.

    Attributes:
        tree: the module.
        nodes: all its nodes, and `parent` of each.
        bindings: every place where a variable gets a value; `by_variable` of each variable.
        functions: the program's own functions and methods, by the variable that holds them.
        parameters: the variables that are parameters of functions.
    """

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.nodes = list(ast.walk(tree))
        self.parent = {child: node for node in self.nodes for child in ast.iter_child_nodes(node)}
        self.scope_of: dict[ast.AST, int] = {}
        self._names: dict[int, set[str]] = defaultdict(set)
        self.parameters: set[Variable] = set()
        self._outer: dict[int, int] = {}
        self._find_scopes()
        self.functions: dict[Variable, Function] = {}
        self._fields: dict[str, list[str]] = {}
        self._find_functions()
        self.bindings: list[Binding] = list(self._find_bindings())
        self.by_variable: dict[Variable, list[Binding]] = defaultdict(list)
        for binding in self.bindings:
            self.by_variable[binding.variable].append(binding)

    def _find_scopes(self) -> None:
        todo: list[tuple[ast.AST, int]] = [(self.tree, 0)]
        numbers = 0
        while todo:
            node, scope = todo.pop()
            self.scope_of[node] = scope
            inner = scope
            if isinstance(node, FUNCTIONS):
                numbers += 1
                inner = numbers
                self._outer[inner] = scope
                self._names[inner].update(argument.arg for argument in parameters(node))
                self.parameters.update((inner, argument.arg) for argument in parameters(node))
                if not isinstance(node, ast.Lambda):
                    self._names[scope].add(node.name)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self._names[scope].add(node.id)
            outside = {id(n) for n in _evaluated_outside(node)} if isinstance(node, FUNCTIONS) else set()
            todo += [(child, scope if id(child) in outside else inner) for child in ast.iter_child_nodes(node)]
        for node in self.nodes:
            if isinstance(node, (ast.Global, ast.Nonlocal)):
                self._names[self.scope_of[node]].difference_update(node.names)

    def scope_within(self, function: Function) -> int:
        """The scope of a function's body."""
        body = function.body if isinstance(function, ast.Lambda) else function.body[0]
        return self.scope_of[body]

    def variable(self, node: ast.AST) -> Variable | None:
        """The variable that a name or an attribute stands for; None for all else."""
        if isinstance(node, ast.Attribute):
            return (ATTRIBUTE, node.attr)
        if not isinstance(node, ast.Name):
            return None
        return self.resolved(node.id, self.scope_of[node])

    def resolved(self, name: str, scope: int) -> Variable:
        """The variable that a name stands for in a scope."""
        while scope and name not in self._names[scope]:
            scope = self._outer[scope]
        return (scope, name)

    def scopes_around(self, node: ast.AST) -> set[int]:
        """The scopes whose variables a statement can see, and that of attributes."""
        scope = self.scope_of[node]
        found = {ATTRIBUTE, 0, scope}
        while scope:
            scope = self._outer[scope]
            found.add(scope)
        return found

    def _find_functions(self) -> None:
        for node in self.nodes:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                in_class = isinstance(self.parent[node], ast.ClassDef)
                self.functions[ATTRIBUTE if in_class else self.scope_of[node], node.name] = node
            elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
                for target in node.targets:
                    if variable := self.variable(target):
                        self.functions[variable] = node.value
            elif isinstance(node, ast.ClassDef):
                fields = [
                    s.target.id for s in node.body if isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name)
                ]
                self._fields[node.name] = fields

    def function(self, node: ast.AST) -> Function | None:
        """The program's own function that an expression names; a class is its `__init__`."""
        if isinstance(node, ast.Lambda):
            return node
        if isinstance(node, ast.Name) and node.id in self._fields:
            return next((f for f in self._methods(node.id) if f.name == "__init__"), None)
        variable = self.variable(node)
        return self.functions.get(variable) if variable else None

    def _methods(self, name: str) -> Iterator[ast.FunctionDef]:
        for node in self.nodes:
            if isinstance(node, ast.ClassDef) and node.name == name:
                yield from (method for method in node.body if isinstance(method, ast.FunctionDef))

    # Bindings

    def _find_bindings(self) -> Iterator[Binding]:
        for node in self.nodes:
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    yield from self._bound(target, node.value, node)
            elif isinstance(node, (ast.AnnAssign, ast.AugAssign, ast.NamedExpr)) and node.value:
                yield from self._bound(node.target, node.value, node)
            elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
                yield from self._bound(node.target, node.iter, node, ("[]",))
            elif isinstance(node, ast.withitem) and node.optional_vars:
                yield from self._bound(node.optional_vars, node.context_expr, node)
            elif isinstance(node, (ast.Return, ast.Yield)) and node.value:
                yield from self._returned(node)
            elif isinstance(node, FUNCTIONS):
                yield from self._defaults(node)
            elif isinstance(node, ast.Call):
                yield from self._passed(node)
                yield from self._changed(node)

    def _bound(
        self, target: ast.expr, value: ast.expr, place: ast.AST, take: tuple[str | int, ...] = ()
    ) -> Iterator[Binding]:
        if isinstance(target, (ast.Tuple, ast.List)):
            pairs = zip(target.elts, value.elts, strict=False) if isinstance(value, (ast.Tuple, ast.List)) else ()
            if not take and pairs and len(target.elts) == len(getattr(value, "elts", ())):
                for part, its in pairs:
                    yield from self._bound(part, its, place)
                return
            for number, part in enumerate(target.elts):
                yield from self._bound(part, value, place, (*take, number))
        elif isinstance(target, ast.Starred):
            yield from self._bound(target.value, value, place, take[:-1])
        elif isinstance(target, ast.Subscript):
            if variable := self.variable(target.value):
                yield Binding(variable, value, place, take, "value")
                if not isinstance(target.slice, ast.Slice):
                    yield Binding(variable, target.slice, place, (), "key")
        elif variable := self.variable(target):
            yield Binding(variable, value, place, take)

    def _returned(self, node: ast.Return | ast.Yield) -> Iterator[Binding]:
        function = self.function_around(node)
        for variable, its in self.functions.items():
            if its is function and node.value:
                yield Binding(variable, node.value, node, (), "[]" if isinstance(node, ast.Yield) else "")

    def _defaults(self, function: Function) -> Iterator[Binding]:
        scope = self.scope_within(function)
        arguments = function.args
        positional = [*arguments.posonlyargs, *arguments.args]
        pairs = [
            *zip(positional[len(positional) - len(arguments.defaults) :], arguments.defaults, strict=True),
            *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
        ]
        for argument, default in pairs:
            if default:
                yield Binding((scope, argument.arg), default, argument)
        if isinstance(function, ast.Lambda):
            for variable, its in self.functions.items():
                if its is function:
                    yield Binding(variable, function.body, function)

    def _passed(self, call: ast.Call) -> Iterator[Binding]:
        """Arguments to parameters, also by way of `map(f, values)`, `pool.submit(f, value)` and `Thread(target=f)`."""
        take: tuple[str | int, ...] = ()
        target, arguments = call.func, call.args
        if arguments and not self.function(target) and self.function(arguments[0]):
            take = ("[]",) if called_name(call) in ("map", "imap", "starmap") else ()
            target, arguments = arguments[0], arguments[1:]
        if isinstance(target, ast.Name) and not self.function(target):
            for name, argument in zip(self._fields.get(target.id, ()), arguments, strict=False):
                yield Binding((ATTRIBUTE, name), argument, call)
        for keyword in call.keywords:  # max(solutions, key=score)
            judge = self.function(keyword.value) if keyword.arg == "key" else None
            judged = call.func.value if isinstance(call.func, ast.Attribute) else next(iter(call.args), None)
            if judge and judged and (names := self._positional(judge)):
                yield Binding((self.scope_within(judge), names[0]), judged, call, ("[]",))
        function = self.function(target)
        if isinstance(target, ast.Name) and target.id in self._fields:
            yield from (Binding((ATTRIBUTE, k.arg), k.value, call) for k in call.keywords if k.arg)
        if not function:
            return
        scope = self.scope_within(function)
        for name, argument in zip(self._positional(function), arguments, strict=False):
            if not isinstance(argument, ast.Starred):
                yield Binding((scope, name), argument, call, take)
        yield from (Binding((scope, keyword.arg), keyword.value, call) for keyword in call.keywords if keyword.arg)

    def _positional(self, function: Function) -> list[str]:
        """The parameters that positional arguments go to: a method's without `self`."""
        names = [argument.arg for argument in [*function.args.posonlyargs, *function.args.args]]
        return names[1:] if isinstance(self.parent[function], ast.ClassDef) else names

    def _changed(self, call: ast.Call) -> Iterator[Binding]:
        """What a call adds to a collection: `xs.append(x)`, `xs.extend(more)`, `heappush(heap, x)`."""
        name, arguments = called_name(call), call.args
        base: ast.AST | None = call.func.value if isinstance(call.func, ast.Attribute) else None
        if name.startswith("heap") and arguments:
            base, arguments = arguments[0], arguments[1:]
        variable = self.variable(base) if base else None
        if variable and name in _ADDING:
            yield from (Binding(variable, argument, call, (), "[]") for argument in arguments)
        elif variable and name in ("extend", "update"):
            yield from (Binding(variable, argument, call) for argument in arguments)

    def around(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes around one, from the nearest to its function (or the module) with it."""
        while node in self.parent and not isinstance(node, FUNCTIONS):
            node = self.parent[node]
            yield node

    def function_around(self, node: ast.AST) -> Function | None:
        """The function that a statement is of."""
        return next((around for around in self.around(node) if isinstance(around, FUNCTIONS)), None)


def parameters(function: Function) -> list[ast.arg]:
    """All parameters of a function, in the order in which they are written."""
    a = function.args
    return [*a.posonlyargs, *a.args, *([a.vararg] if a.vararg else []), *a.kwonlyargs, *([a.kwarg] if a.kwarg else [])]


def _evaluated_outside(function: Function) -> list[ast.expr]:
    defaults = [*function.args.defaults, *(default for default in function.args.kw_defaults if default)]
    return defaults if isinstance(function, ast.Lambda) else [*defaults, *function.decorator_list]
