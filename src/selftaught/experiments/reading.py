"""A program's text, read once: which value comes from where, who asks the model, who scores.

The rules of `bypass.py` and `strategies.py` stand on this, so that what they find does not hang on what a program calls
its variables. Nothing is executed. Two questions are answered about an expression, both without regard to the order of
statements (a name is all that is ever bound to it):

what it may be      `Reading.kinds`: paths such as ("[]", 1, "score"), a list of tuples whose second is a score
what it comes from  `Reading.sources`: the variables, and beyond them "answer" and "score", that its value is made of

Attributes of all objects count as one variable per name.
"""

import ast
from collections import defaultdict
from collections.abc import Callable
from functools import cached_property

from selftaught.experiments.kinds import Values
from selftaught.experiments.names import ATTRIBUTE, Function, Variable, called_name

_NOT_SCORING = ("getattr", "hasattr", "setattr", "delattr", "vars", "type", "isinstance", "copy", "deepcopy", "print")
_SEARCHING = ("split", "rsplit", "partition", "find", "rfind", "index", "startswith", "endswith", "strip", "count")


class Reading(Values):
    """What is known of one program. Raises RecursionError for a tree too deep to follow.

    Attributes:
        asking: the program's own functions that ask the model, themselves or by others; `scoring`, those that score.
        prompted: the variables, and their sources, that the messages to the model are made of.
    """

    def __init__(self, tree: ast.Module) -> None:
        super().__init__(tree)
        self._made: dict[tuple[str, bool], set[Variable | str]] = {}
        self._direct = {variable: self._sources_of_bindings(variable) for variable in self.by_variable}
        self._calls: dict[ast.AST, set[Function]] = {}
        self._nodes_under: dict[ast.AST, set[ast.AST]] = {}
        self._asking_nodes: dict[ast.AST, bool] = {}
        self.asking = self._functions_that(self._is_ask)
        self.scoring = self._functions_that(self.is_score)
        self.prompted = self.closure({source for message in self.all_messages for source in self.sources(message)})

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
                found.add(self.resolved(part.id, self.scope_of[part]))
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

    def nodes_reached_from(self, node: ast.AST) -> set[ast.AST]:
        """All nodes of those."""
        return set().union(*(self._under(part) for part in self.reached_from(node)))

    def _under(self, node: ast.AST) -> set[ast.AST]:
        if node not in self._nodes_under:
            self._nodes_under[node] = set(ast.walk(node))
        return self._nodes_under[node]

    def _called_in(self, node: ast.AST) -> set[Function]:
        if node not in self._calls:
            names = [part for part in ast.walk(node) if isinstance(part, (ast.Name, ast.Attribute))]
            self._calls[node] = {function for name in names if (function := self.function(name))}
        return self._calls[node]

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
