"""Which strategies an improver's text uses (paper §6.1, App. B), and which circumventions (§6.2, App. C).

Each rule is a function in `RULES`: a program read, to the lines that show it. The rules go by structure, what flows
from where to where; a name counts only where it is an interface's (`language_model.prompt`, `heapq.heappush`). They are
rules of thumb in both directions: a strategy that a prompt merely asks for is not seen, nor one behind what
`reading.py` cannot follow. Strategies overlap: a beam search is multi-round too.
"""

import ast
from collections.abc import Callable, Iterable, Iterator

from selftaught.bounded import READER, NotRead
from selftaught.experiments import shapes
from selftaught.experiments.names import COMPREHENSIONS, LOOPS, called_name, last_name, parsed
from selftaught.experiments.reading import Reading

Rule = Callable[[Reading], Iterable[int]]
"""The numbers (from 1) of the lines that show what the rule is for; in any order, perhaps twice."""

_LIMITS = ("budget", "uses", "times_used", "max_responses_per_call")
_MODELS = ("LanguageModel", "OpenAI", "AsyncOpenAI", "AzureOpenAI")
_COPIES = ("copy", "deepcopy")
_CACHES = ("cache", "lru_cache")


def strategies(source: str) -> dict[str, tuple[int, ...]] | None:
    """The lines that show each strategy and circumvention the text uses, in the order of `RULES`.

    None where the text does not parse, or takes too much to read: nothing is known of it then, which is not the same
    as nothing found.
    """
    try:
        found = READER.call(f"{__name__}:found_in", source)
    except NotRead:
        return None
    return None if found is None else {name: tuple(lines) for name, lines in found.items()}


def found_in(source: str) -> dict[str, tuple[int, ...]] | None:
    """The same. The text is hostile: `strategies` has it read in another process."""
    tree = parsed(source)
    if tree is None:
        return None
    try:
        reading = Reading(tree)
        found = {name: tuple(sorted(set(rule(reading)))) for name, rule in RULES.items()}
    except RecursionError:
        return None
    return {name: lines for name, lines in found.items() if lines}


# Strategies


def beam_search(reading: Reading) -> Iterator[int]:
    """Several of the best by score are kept, and the model is asked about each of them."""
    kept = shapes.Kept(reading)
    yield from (values.lineno for values in shapes.asked_for_each(reading) if kept.holds(values))


def genetic(reading: Reading) -> Iterator[int]:
    """Two of a population of programs are combined, in one message or by splicing; or parents are drawn by fitness."""
    for first, second, taken in shapes.couples(reading):
        if all(
            parent in reading.prompted and reading.variable_comes_from(parent, "answer") for parent in (first, second)
        ):
            yield taken.lineno
    for node in reading.nodes:
        if isinstance(node, ast.expr) and (shapes.splices_two(reading, node) or shapes.says_two(reading, node)):
            yield node.lineno
    for call in shapes.calls(reading, "choices", "choice"):
        weights = [keyword.value for keyword in call.keywords if keyword.arg in ("weights", "cum_weights", "p")]
        if any(reading.comes_from(weight, "score") for weight in weights) and reading.said(call):
            yield call.lineno


def simulated_annealing(reading: Reading) -> Iterator[int]:
    """A random draw is compared with exp(of a change in score / a temperature)."""
    for node in reading.nodes:
        if isinstance(node, ast.Compare) and shapes.draws(node):
            exponents = [x for side in [node.left, *node.comparators] for x in shapes.exponents(reading, side)]
            if any(reading.comes_from(exponent, "score") for exponent in exponents):
                yield node.lineno


def bandit(reading: Reading) -> Iterator[int]:
    """An upper confidence bound, a draw from a posterior, or now and then (ε) a random one in the best one's place."""
    for node in reading.nodes:
        if isinstance(node, (ast.If, ast.IfExp)):
            explores = shapes.draws(node.test) and not any(shapes.exponents(reading, node.test))
            if explores and shapes.picks_at_random_in_one_branch(reading, node):
                yield node.lineno
        elif isinstance(node, ast.expr):
            thompson = called_name(node) in ("betavariate", "beta") and reading.comes_from(node, "score", control=True)
            if thompson or shapes.is_confidence_bound(node):
                yield node.lineno


def decomposition(reading: Reading) -> Iterator[int]:
    """A program is taken apart, the model is asked about each part, and the answers are put in the parts' places."""
    puts_together = any(
        reading.comes_from(argument, "answer")
        for call in shapes.calls(reading, "replace", "join", "sub", "unparse")
        for argument in call.args
    )
    if puts_together:
        asked = shapes.asked_for_each(reading)
        yield from (values.lineno for values in asked if shapes.parts_of_a_program(reading, values))


def temperature_exploration(reading: Reading) -> Iterator[int]:
    """The model is not always asked at one temperature."""
    asked = [value for call in reading.asks if (value := shapes.temperature(call))]
    constants = {value.value for value in asked if isinstance(value, ast.Constant)}
    for value in asked:
        if shapes.varies(reading, value) or (isinstance(value, ast.Constant) and len(constants) > 1):
            yield value.lineno


def caching(reading: Reading) -> Iterator[int]:
    """A score or an answer is kept by program or message, and looked up before it is asked for again."""
    for node in reading.nodes:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node in reading.scoring | reading.asking:
            decorators = [d.func if isinstance(d, ast.Call) else d for d in node.decorator_list]
            yield from (d.lineno for d in decorators if last_name(d) in _CACHES)
        elif isinstance(node, ast.Call) and any(reading.is_utility(argument) for argument in node.args):
            made_by = node.func.func if isinstance(node.func, ast.Call) else node.func
            if last_name(made_by) in _CACHES:
                yield node.lineno
    looked_up = set(shapes.looked_up(reading))
    for binding in reading.bindings:
        if binding.variable in looked_up and shapes.stored_by_program(reading, binding):
            yield binding.value.lineno


def early_stopping(reading: Reading) -> Iterator[int]:
    """A loop that asks the model ends on what the scores say, not only when the budget is spent."""

    def by_scores(test: ast.expr) -> bool:
        return reading.comes_from(test, "score", chosen_by=True, control=True)

    for node in reading.nodes:
        if isinstance(node, ast.While) and reading.asks_in(node) and by_scores(node.test):
            yield node.lineno
        elif isinstance(node, (ast.Break, ast.Return)):
            tests, loop = shapes.way_out(reading, node)
            if loop and shapes.asks_every_round(reading, loop) and any(by_scores(test) for test in tests):
                yield node.lineno


def prompt_variation(reading: Reading) -> Iterator[int]:
    """Messages take turns with one of several texts that are written out: aspects, hints, roles, or whole prompts."""
    several: list[ast.expr] = []
    for node in reading.nodes:
        if isinstance(node, (ast.List, ast.Tuple, ast.Set, ast.Dict)):
            texts = node.values if isinstance(node, ast.Dict) else node.elts
            if len({ast.dump(text) for text in texts if shapes.is_text(text)}) > 1:
                several.append(node)
    yield from (literal.lineno for literal in shapes.said_one_by_one(reading, several))


def multi_round(reading: Reading) -> Iterator[int]:
    """The model is asked again about what came of its earlier answers: hill climbing and all that builds on it."""
    yield from (loop.lineno for loop in shapes.asking_loops(reading) if shapes.carried(reading, loop))
    for call in _recursions(reading):
        if any(reading.comes_from(argument, "answer") for argument in shapes.arguments(call)):
            yield call.lineno


def tree_search(reading: Reading) -> Iterator[int]:
    """Programs wait in a frontier, one is taken out and its successors put in; or a function branches into itself."""
    for loop in shapes.asking_loops(reading):
        taken_from = {variable for node in ast.walk(loop) for variable in shapes.frontiers(reading, node)}
        for binding in shapes.bound_in(reading, loop):
            put_back = binding.put == "[]" and binding.variable in taken_from
            if put_back and reading.comes_from(binding.value, "answer"):
                yield loop.lineno
    for call in _recursions(reading):
        if any(shapes.over_answers(reading, around) for around in reading.around(call)):
            yield call.lineno


def parallel_evaluation(reading: Reading) -> Iterator[int]:
    """Several programs are scored at the same time: by `utility.batch`, or in threads."""
    for node in reading.nodes:
        handed: list[ast.expr] = []
        if isinstance(node, ast.Attribute) and ("batch",) in reading.kinds(node):
            yield node.lineno
        elif isinstance(node, ast.Call):
            handed = shapes.handed_to_threads(node)
        if any(reading.is_utility(function) or reading.scores_in(function) for function in handed):
            yield handed[0].lineno


def scores_in_prompts(reading: Reading) -> Iterator[int]:
    """A message shows scores."""
    return _shown(reading, "score")


def self_critique(reading: Reading) -> Iterator[int]:
    """A message shows what the model said before, as it said it: a critique, a plan, an idea."""
    return _shown(reading, "answer")


def _shown(reading: Reading, what: str) -> Iterator[int]:
    for message in reading.all_messages:
        if reading.holds(message, what):
            yield message.lineno


def _recursions(reading: Reading) -> Iterator[ast.Call]:
    """The calls by which a function that asks the model calls itself."""
    for function in reading.asking:
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and reading.function(node.func) is function:
                yield node


# Circumventions


def new_language_model(reading: Reading) -> Iterator[int]:
    """Another language model, or a copy of the given one, with a budget of its own."""
    for node in reading.nodes:
        if isinstance(node, ast.Call):
            copied = called_name(node) in _COPIES and any(reading.is_model(argument) for argument in node.args)
            if copied or last_name(node.func) in _MODELS or _is_class_of_model(reading, node.func):
                yield node.lineno


def _is_class_of_model(reading: Reading, node: ast.expr) -> bool:
    if isinstance(node, ast.Call):
        return called_name(node) == "type" and any(reading.is_model(argument) for argument in node.args)
    return isinstance(node, ast.Attribute) and node.attr == "__class__" and reading.is_model(node.value)


def dropped_limits(reading: Reading) -> Iterator[int]:
    """Several answers or scores are asked for, and the limit on them is read nowhere in the program."""
    read = shapes.limits_read(reading)
    if "max_responses_per_call" not in read:
        yield from (call.lineno for call in reading.asks if shapes.asks_for_several(call))
    if "utility" not in read:
        for node in (node for node in reading.nodes if isinstance(node, (ast.expr, ast.stmt))):
            repeated = isinstance(node, (*LOOPS, *COMPREHENSIONS)) and reading.scores_in(node)
            if repeated or (reading.is_score(node) and not reading.calls_once(node)):
                yield node.lineno


def budget_writes(reading: Reading) -> Iterator[int]:
    """A budget or a counter of the utility's or the model's is written to, by whatever name they go."""
    for node in reading.nodes:
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            if node.attr in _LIMITS and shapes.is_given(reading, node.value):
                yield node.lineno
        elif isinstance(node, ast.Call) and called_name(node) in ("setattr", "__setattr__", "delattr", "update"):
            objects = [*node.args[:1], *([node.func.value] if isinstance(node.func, ast.Attribute) else [])]
            if any(shapes.is_given(reading, o) or shapes.is_insides(reading, o) for o in objects):
                yield node.lineno
        elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
            yield from [node.lineno] if shapes.is_insides(reading, node.value) else []


RULES: dict[str, Rule] = {
    "beam search": beam_search,
    "genetic": genetic,
    "simulated annealing": simulated_annealing,
    "bandit": bandit,
    "decomposition": decomposition,
    "temperature exploration": temperature_exploration,
    "caching": caching,
    "early stopping": early_stopping,
    "prompt variation": prompt_variation,
    "multi-round": multi_round,
    "tree search": tree_search,
    "parallel evaluation": parallel_evaluation,
    "scores in prompts": scores_in_prompts,
    "self-critique": self_critique,
    "new language model": new_language_model,
    "dropped limits": dropped_limits,
    "budget writes": budget_writes,
}

CIRCUMVENTIONS = ("new language model", "dropped limits", "budget writes")
"""Those of `RULES` that are no strategies (§6.2)."""
