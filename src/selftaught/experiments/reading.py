"""A program's text, read once: which value comes from where, who asks the model, who scores.

The rules of `bypass.py` and `strategies.py` stand on this, so that what they find does not hang on what a program calls
its variables. Nothing is executed. Two questions are answered about an expression, both without regard to the order of
statements (a name is all that is ever bound to it):

what it may be      `Reading.kinds`: paths such as ("[]", 1, "score"), a list of tuples whose second is a score
what it comes from  `Reading.sources`: the variables, and beyond them "answer" and "score", that its value is made of

An improver is known by its interface: `improve_algorithm(initial_solution, utility, language_model)` by position, and
the methods of the latter two by name. Attributes of all objects count as one variable per name.
"""

import ast
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Loop = ast.For | ast.AsyncFor | ast.While
LOOPS = (ast.For, ast.AsyncFor, ast.While)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)

Variable = tuple[int, str]
"""The scope (a number; ATTRIBUTE for attributes) and the name."""

Path = tuple[str | int, ...]
"""Steps into a value, and what is there: "[]" any element, a number that one, "key" and "value" of a dictionary."""

Kinds = frozenset[Path]

ATTRIBUTE = -1
ENTRY = "improve_algorithm"
NOTHING: Kinds = frozenset()

_ASKING = ("prompt", "batch_prompt")
_MOST_CHARACTERS = 50_000  # several times what a model writes; the work can be quadratic in it
_MOST_ROUNDS = 30  # of the fixpoint; a program needs as many as its longest chain of names is against the order of text
_LONGEST_PATH = 5
_SAME_ELEMENTS = ("sorted", "list", "tuple", "set", "reversed", "iter", "deepcopy", "copy", "as_completed", "tqdm")
_ONE_ELEMENT = ("max", "min", "next", "choice")
_SAME_VALUE = ("strip", "lstrip", "rstrip", "lower", "result", "copy", "join", "round", "float", "int", "abs", "str")
_NOT_SCORING = ("getattr", "hasattr", "setattr", "delattr", "vars", "type", "isinstance", "copy", "deepcopy", "print")
_SEARCHING = ("split", "rsplit", "partition", "find", "rfind", "index", "startswith", "endswith", "strip", "count")
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
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # theirs; they would be printed as if ours
            warnings.simplefilter("ignore", DeprecationWarning)
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
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


class Reading:
    """What is known of one program. Raises RecursionError for a tree too deep to follow.

    Attributes:
        tree: the module.
        bindings: every place where a variable gets a value.
        functions: the program's own functions and methods, by the variable that holds them.
        parameters: the variables that are parameters of functions.
        solutions: the variables that hold the program to be improved, to begin with.
        prompted: the variables, and their sources, that the messages to the model are made of.
    """

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.nodes = list(ast.walk(tree))
        self.parent = {child: node for node in self.nodes for child in ast.iter_child_nodes(node)}
        self._scope_of: dict[ast.AST, int] = {}
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
        self._known: dict[Variable, Kinds] = defaultdict(lambda: NOTHING)
        self._kinds: dict[ast.AST, Kinds] = {}  # of one round; else a chain of n calls takes 2^n steps
        self._find_kinds()
        self._made: dict[tuple[str, bool], set[Variable | str]] = {}
        self._direct = {variable: self._sources_of_bindings(variable) for variable in self.by_variable}
        self._calls: dict[ast.AST, set[Function]] = {}
        self._asking_nodes: dict[ast.AST, bool] = {}
        self.asking = self._functions_that(self._is_ask)
        self.scoring = self._functions_that(self.is_score)
        self.prompted = self.closure({source for message in self.all_messages for source in self.sources(message)})

    # Scopes and names

    def _find_scopes(self) -> None:
        todo: list[tuple[ast.AST, int]] = [(self.tree, 0)]
        numbers = 0
        while todo:
            node, scope = todo.pop()
            self._scope_of[node] = scope
            inner = scope
            if isinstance(node, FUNCTIONS):
                numbers += 1
                inner = numbers
                self._outer[inner] = scope
                self._names[inner].update(argument.arg for argument in _parameters(node))
                self.parameters.update((inner, argument.arg) for argument in _parameters(node))
                if not isinstance(node, ast.Lambda):
                    self._names[scope].add(node.name)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self._names[scope].add(node.id)
            outside = {id(n) for n in _evaluated_outside(node)} if isinstance(node, FUNCTIONS) else set()
            todo += [(child, scope if id(child) in outside else inner) for child in ast.iter_child_nodes(node)]
        for node in self.nodes:
            if isinstance(node, (ast.Global, ast.Nonlocal)):
                self._names[self._scope_of[node]].difference_update(node.names)

    def scope_within(self, function: Function) -> int:
        """The scope of a function's body."""
        body = function.body if isinstance(function, ast.Lambda) else function.body[0]
        return self._scope_of[body]

    def variable(self, node: ast.AST) -> Variable | None:
        """The variable that a name or an attribute stands for; None for all else."""
        if isinstance(node, ast.Attribute):
            return (ATTRIBUTE, node.attr)
        if not isinstance(node, ast.Name):
            return None
        return self._resolved(node.id, self._scope_of[node])

    def _resolved(self, name: str, scope: int) -> Variable:
        while scope and name not in self._names[scope]:
            scope = self._outer[scope]
        return (scope, name)

    def scopes_around(self, node: ast.AST) -> set[int]:
        """The scopes whose variables a statement can see, and that of attributes."""
        scope = self._scope_of[node]
        found = {ATTRIBUTE, 0, scope}
        while scope:
            scope = self._outer[scope]
            found.add(scope)
        return found

    def _find_functions(self) -> None:
        for node in self.nodes:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                in_class = isinstance(self.parent[node], ast.ClassDef)
                self.functions[ATTRIBUTE if in_class else self._scope_of[node], node.name] = node
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
            if keyword.arg == "key" and (judge := self.function(keyword.value)) and judge.args.args:
                judged = call.func.value if isinstance(call.func, ast.Attribute) else next(iter(call.args), None)
                if judged:
                    yield Binding((self.scope_within(judge), judge.args.args[0].arg), judged, call, ("[]",))
        function = self.function(target)
        if isinstance(target, ast.Name) and target.id in self._fields:
            yield from (Binding((ATTRIBUTE, k.arg), k.value, call) for k in call.keywords if k.arg)
        if not function:
            return
        scope = self.scope_within(function)
        names = [argument.arg for argument in [*function.args.posonlyargs, *function.args.args]]
        if isinstance(self.parent[function], ast.ClassDef):
            names = names[1:]
        for name, argument in zip(names, arguments, strict=False):
            if not isinstance(argument, ast.Starred):
                yield Binding((scope, name), argument, call, take)
        yield from (Binding((scope, keyword.arg), keyword.value, call) for keyword in call.keywords if keyword.arg)

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

    # What a value may be

    def _find_kinds(self) -> None:
        for variable, function in self.functions.items():
            if variable[1] == ENTRY:
                scope = self.scope_within(function)
                kinds = ("solution", "utility", "model")
                for argument, kind in zip([a for a in _parameters(function) if a.arg != "self"], kinds, strict=False):
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
                return self._known[self._resolved(node.id, self._scope_of[node])]
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

    # Where a value comes from

    def sources(self, node: ast.AST, *, chosen_by: bool = False) -> set[Variable | str]:
        """The variables, "answer" and "score" that an expression's value is made of.

        What is asked of the model or the utility is not part of what they answer. With `chosen_by`, also what only
        selects or orders: tests, and the `key` of max and sorted.
        """
        found: set[Variable | str] = set()
        todo = [node]
        while todo:
            part = todo.pop()
            if isinstance(part, ast.Call) and (kinds := self.kinds(part.func) & {("utility",), ("batch",), ("ask",)}):
                found.add("answer" if ("ask",) in kinds else "score")
                continue
            if isinstance(part, ast.Call) and self.function(part.func):
                if variable := self.variable(part.func):
                    found.add(variable)
                continue  # its arguments come back by way of its parameters
            if isinstance(part, ast.Name):
                found.add(self._resolved(part.id, self._scope_of[part]))
                if self.is_score(part):
                    found.add("score")  # map(utility, solutions)
            elif isinstance(part, ast.Attribute):
                if self.kinds(part) & {("batch",), ("ask",)}:
                    found.add("score" if ("batch",) in self.kinds(part) else "answer")
                elif not (self.is_utility(part.value) or self.is_model(part.value)):
                    found.add((ATTRIBUTE, part.attr))
            todo += [child for child in ast.iter_child_nodes(part) if chosen_by or not _only_selects(part, child)]
        return found

    def _sources_of_bindings(self, variable: Variable) -> set[Variable | str]:
        return {source for binding in self.by_variable[variable] for source in self.sources(binding.value)}

    def closure(self, sources: set[Variable | str]) -> set[Variable | str]:
        """All that these come from in turn."""
        found: set[Variable | str] = set()
        todo = list(sources)
        while todo:
            source = todo.pop()
            if source in found:
                continue
            found.add(source)
            if isinstance(source, tuple):
                todo += self._direct.get(source, ())
        return found

    @cached_property
    def _controlling(self) -> dict[Variable, set[Variable | str]]:
        found: dict[Variable, set[Variable | str]] = defaultdict(set)
        for binding in self.bindings:
            for around in self.around(binding.place):
                if isinstance(around, ast.If):
                    found[binding.variable] |= self.sources(around.test, chosen_by=True)
        return found

    def comes_from(self, node: ast.AST, source: str, *, chosen_by: bool = False, control: bool = False) -> bool:
        """Whether an expression's value is made, at any distance, of a "score" or an "answer".

        With `control`, also whether that stands in the tests of the `if`s under which what it is made of is set.
        """
        made = self._made_of(source, control)
        return any(part == source or part in made for part in self.sources(node, chosen_by=chosen_by))

    def variable_comes_from(self, variable: Variable, source: str) -> bool:
        """The same of a variable."""
        return variable in self._made_of(source, False)

    def _made_of(self, source: str, control: bool) -> set[Variable | str]:
        """All variables that come from a source: found once, the other way round."""
        if (source, control) not in self._made:
            users: dict[Variable | str, list[Variable]] = defaultdict(list)
            for variable, direct in self._direct.items():
                for part in direct | (self._controlling[variable] if control else set()):
                    users[part].append(variable)
            found: set[Variable | str] = set()
            todo = list(users[source])
            while todo:
                variable = todo.pop()
                if variable not in found:
                    found.add(variable)
                    todo += users[variable]
            self._made[source, control] = found
        return self._made[source, control]

    # Who asks, who scores

    def _is_ask(self, node: ast.AST) -> bool:
        return ("ask",) in self.kinds(node) and isinstance(node, (ast.Name, ast.Attribute))

    def is_score(self, node: ast.AST) -> bool:
        """Whether this is the utility (or its `batch`) where it is called, or handed to what may call it."""
        if isinstance(node, ast.Attribute):
            return ("batch",) in self.kinds(node)
        if not isinstance(node, ast.Name) or not self.is_utility(node):
            return False
        above = self.parent[node]
        if isinstance(above, ast.Call) and above.func is not node:  # handed to something else, which may call it
            return not self.function(above.func) and called_name(above) not in _NOT_SCORING
        return isinstance(above, (ast.Call, ast.keyword))

    def calls_once(self, node: ast.AST) -> bool:
        """Whether this is the utility where it is called by its name: for one score."""
        above = self.parent[node]
        return isinstance(node, ast.Name) and isinstance(above, ast.Call) and above.func is node

    def _functions_that(self, does: Callable[[ast.AST], bool]) -> set[Function]:
        found: set[Function] = set()
        while True:
            more = {
                function
                for function in self.functions.values()
                if function not in found and any(self._does(node, does, found) for node in ast.walk(function))
            }
            if not more:
                return found
            found |= more

    def _does(self, node: ast.AST, does: Callable[[ast.AST], bool], functions: set[Function]) -> bool:
        if not isinstance(node, (ast.Name, ast.Attribute)) or not isinstance(node.ctx, ast.Load):
            return False
        return does(node) or self.function(node) in functions

    def asks_in(self, node: ast.AST) -> bool:
        """Whether a part of the program asks the model, itself or by a function of the program's."""
        if node not in self._asking_nodes:
            self._asking_nodes[node] = any(self._does(part, self._is_ask, self.asking) for part in ast.walk(node))
        return self._asking_nodes[node]

    def scores_in(self, node: ast.AST) -> bool:
        """Whether a part of the program scores, itself or by a function of the program's."""
        return any(self._does(part, self.is_score, self.scoring) for part in ast.walk(node))

    @cached_property
    def asks(self) -> list[ast.Call]:
        """Every call of the model, also by way of a pool."""
        return [
            node
            for node in self.nodes
            if isinstance(node, ast.Call)
            and (self._is_ask(node.func) or any(self._is_ask(argument) for argument in node.args))
        ]

    def messages(self, call: ast.Call) -> list[ast.expr]:
        """What a call of the model says to it: expertise and message, not how many answers or how hot."""
        first = 0 if self._is_ask(call.func) else 1
        named = [k.value for k in call.keywords if k.arg in ("expertise", "message", "message_batch")]
        return [*call.args[first : first + 2], *named]

    @cached_property
    def all_messages(self) -> set[ast.expr]:
        """What is said in any call of the model."""
        return {message for call in self.asks for message in self.messages(call)}

    def reached_from(self, node: ast.AST) -> list[ast.AST]:
        """A part of the program, and the bodies of all its functions that this part may call."""
        found: dict[ast.AST, None] = {node: None}  # a set that keeps the order
        todo: list[ast.AST] = [node]
        while todo:
            new = [function for function in self._called_in(todo.pop()) if function not in found]
            found.update(dict.fromkeys(new))
            todo += new
        return list(found)

    def _called_in(self, node: ast.AST) -> set[Function]:
        if node not in self._calls:
            names = [part for part in ast.walk(node) if isinstance(part, (ast.Name, ast.Attribute))]
            self._calls[node] = {function for name in names if (function := self.function(name))}
        return self._calls[node]

    # Where a node stands

    def around(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes around one, from the nearest to its function (or the module) with it."""
        while node in self.parent and not isinstance(node, FUNCTIONS):
            node = self.parent[node]
            yield node

    def function_around(self, node: ast.AST) -> Function | None:
        """The function that a statement is of."""
        return next((around for around in self.around(node) if isinstance(around, FUNCTIONS)), None)

    def said(self, node: ast.AST) -> bool:
        """Whether an expression's value becomes part of a message to the model."""
        current = node
        while isinstance(current, (ast.expr, ast.keyword, ast.comprehension)):
            if current in self._said:
                return True
            above = self.parent[current]
            if _only_selects(above, current) or isinstance(above, ast.Compare):
                return False
            if isinstance(above, ast.Call) and above.func is not current and self._kinds_of_result(above.func):
                return False  # an argument, of which the result is not made
            current = above
        return False

    @cached_property
    def _said(self) -> set[ast.expr]:
        """The expressions that are messages, or whose value goes into a variable of which messages are made."""
        return self.all_messages | {binding.value for binding in self.bindings if binding.variable in self.prompted}


def _parameters(function: Function) -> list[ast.arg]:
    a = function.args
    return [*a.posonlyargs, *a.args, *([a.vararg] if a.vararg else []), *a.kwonlyargs, *([a.kwarg] if a.kwarg else [])]


def _evaluated_outside(function: Function) -> list[ast.expr]:
    defaults = [*function.args.defaults, *(default for default in function.args.kw_defaults if default)]
    return defaults if isinstance(function, ast.Lambda) else [*defaults, *function.decorator_list]


def _only_selects(parent: ast.AST, child: ast.AST) -> bool:
    """Whether a part of an expression only says which value it is, and is no part of it."""
    if isinstance(parent, (ast.IfExp, ast.If, ast.While)):
        return child is parent.test
    if isinstance(parent, ast.comprehension):
        return child in parent.ifs
    if isinstance(parent, ast.Subscript):
        return child is parent.slice
    if isinstance(parent, ast.Call) and child is not parent.func:
        return called_name(parent) in _SEARCHING or (isinstance(child, ast.keyword) and child.arg == "key")
    return False
