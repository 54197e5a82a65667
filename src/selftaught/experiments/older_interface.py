"""Improvers in the interfaces of the paper's earlier studies, made to run in today's.

Modules of the standard library that a text uses and forgot to import are there: one of those published stops at its
first line with `random` otherwise, and what it would do is not seen.

Some of those published take `(initial_solution, utility_str, utility)`, or have the arguments in another order, and
make their own model: `LanguageModel(role).prompt(message, n_responses, temperature)` (paper, App. B and D).
"""

_ADAPTER = """
import collections, concurrent.futures, functools, heapq, inspect, itertools, math, random, re, sys, time, types

_SOURCE = {source!r}


class LanguageModel:
    given = None

    def __init__(self, role="", *arguments, **settings):
        self.role = role if isinstance(role, str) else ""

    def __getattr__(self, name):
        return getattr(LanguageModel.given, name)

    def _asked(self, how, arguments, settings):
        role = settings.pop("expertise", settings.pop("role", None))
        if len(arguments) > 1 and isinstance(arguments[0], str) and isinstance(arguments[1], (str, list)):
            role, *arguments = arguments
        return how(self.role if role is None else role, *arguments, **settings)

    def prompt(self, *arguments, **settings):
        return self._asked(LanguageModel.given.prompt, arguments, settings)

    def batch_prompt(self, *arguments, **settings):
        return self._asked(LanguageModel.given.batch_prompt, arguments, settings)


_older = types.ModuleType("language_model")
_older.LanguageModel = LanguageModel
sys.modules["language_model"] = _older
_improver = types.ModuleType("improver")
_improver.LanguageModel = LanguageModel
sys.modules["improver"] = _improver
for _module in (collections, concurrent, functools, heapq, itertools, math, random, re, time):
    setattr(_improver, _module.__name__, _module)
exec(compile(_SOURCE, "<improver>", "exec"), vars(_improver))


def _entry():
    found = [value for name, value in vars(_improver).items() if name.startswith("improve") and callable(value)]
    named = [value for value in found if value.__name__ == "improve_algorithm"]
    return (named or found)[0]


def improve_algorithm(initial_solution, utility, language_model):
    LanguageModel.given = language_model
    improve = _entry()
    names = [
        name
        for name, one in inspect.signature(improve).parameters.items()
        if one.default is one.empty and one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)
    ]
    texts = [name for name in names if "util" in name and any(word in name for word in ("str", "text", "desc"))]
    models = [name for name in names if "model" in name or name in ("lm", "llm")]
    if not texts and (models or len(names) == 3):
        return improve(initial_solution, utility, language_model)
    scorers = [name for name in names if name not in texts + models and "util" in name]
    rest = [name for name in names if name not in texts + models + scorers]
    given = dict.fromkeys(texts, utility.str) | dict.fromkeys(models, language_model)
    given |= dict.fromkeys(scorers, utility) | dict.fromkeys(rest, initial_solution)
    return improve(*[given[name] for name in names])
"""


def wrapped(improver: str) -> str:
    """A program in today's interface that does what the improver does."""
    return _ADAPTER.format(source=improver)
