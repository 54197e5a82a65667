"""All settings of a run, as one frozen value: from presets, a TOML file and flags; kept in the run.

Precedence: flag > TOML file > preset > default. The values that change what a run computes are its identity: a run
is resumed only with the same values. The caps, `max_connections` and the settings of model calls may differ.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from msgspec import Meta

from selftaught.core.budget import Allowance
from selftaught.core.errors import UsageError
from selftaught.core.money import Caps
from selftaught.core.run_seed import PATTERN, RunSeed

Positive = Annotated[int, Meta(ge=1, le=1_000_000_000)]
Seconds = Annotated[float, Meta(gt=0, le=1e9)]
EXPERIMENT = "experiment"
ALL = "run improve experiment resume"
"""The commands with settings that change how a run proceeds, and not its results."""


class Group(StrEnum):
    """The sections of `--help`, in this order."""

    WHAT = "What to improve, and how"
    ALLOWANCE = "Budget of one application of an improver"
    MODEL = "Model"
    LIMITS = "Limits of the whole run"
    SANDBOX = "Sandbox"
    OUTPUT = "Output"


def setting(help: str, group: Group, *flags: str, of: str = "run improve experiment", commas: bool = False) -> Meta:
    """Declares one setting, beside its type and default. Flags, keys, keywords and help come from this.

    Args:
        help: one or two sentences for `--help`, which adds the default.
        group: the section of `--help`.
        flags: its flags, if they are not the name with dashes; `--help` shows the first.
        of: the commands that have it, separated by blanks.
        commas: for a list: one flag with commas, instead of a flag for each value.
    """
    return Meta(description=help, extra={"group": group, "flags": flags, "of": of.split(), "commas": commas})


@dataclass(frozen=True)
class Setting:
    """One declared setting. `kind`: the type of a value, without None. `choices`: all values, if they are words."""

    name: str
    flags: tuple[str, ...]
    help: str
    group: Group
    kind: Any
    default: Any
    commands: tuple[str, ...]
    choices: tuple[str, ...] = ()
    commas: bool = False


def declared(config: type[msgspec.Struct]) -> dict[str, Setting]:
    """The settings of a configuration, in the order of their declaration."""
    return {
        field.name: _declared(field)
        for field in msgspec.structs.fields(config)
        if "group" in (_meta(field.type).extra or {})
    }


def _declared(field: msgspec.structs.FieldInfo) -> Setting:
    meta = _meta(field.type)
    extra = meta.extra or {}
    kind = _plain(field.type)
    choices = get_args(kind) if get_origin(kind) is Literal else ()
    required = field.default is msgspec.NODEFAULT and field.default_factory is msgspec.NODEFAULT
    default = None if required or field.default is msgspec.NODEFAULT else field.default
    return Setting(
        field.name,
        extra["flags"] or (f"--{field.name.replace('_', '-')}",),
        meta.description or "",
        extra["group"],
        str if choices else kind,
        default,
        tuple(extra["of"]),
        choices,
        extra["commas"],
    )


def _meta(annotation: Any) -> Meta:
    """The outermost `Meta` of an annotation that declares a setting; an empty one if there is no such `Meta`."""
    if get_origin(annotation) is not Annotated:
        return Meta()
    inner, *metas = get_args(annotation)
    found = [meta for meta in metas if isinstance(meta, Meta) and meta.extra]
    return found[-1] if found else _meta(inner)


def _plain(annotation: Any) -> Any:
    """The type without `Annotated` and None."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, UnionType):
        (annotation,) = (one for one in get_args(annotation) if one is not type(None))
        return _plain(annotation)
    return annotation


PRESETS: dict[str, dict[str, Any]] = {
    "default": {},
    "quick": {"repeats": 2, "model_calls": 1, "responses": 3, "utility_calls": 4},
    "official": {
        "repeats": 5, "model_calls": 4, "responses": 6, "utility_calls": 25, "max_output_tokens": 1024,
        "improver": "paper-seed", "accept": "released", "feedback": "off", "salvage": "off", "common_draws": "off",
        "extract_code": "released", "share_scores": "text", "fidelity": "paper",
    },
    "paper": {
        "repeats": 5, "model_calls": 6, "responses": 6, "utility_calls": 37, "max_output_tokens": 1024, "depth": 4,
        "improver": "paper-seed", "accept": "paper", "feedback": "off", "salvage": "off", "common_draws": "off",
        "extract_code": "released", "share_scores": "text", "fidelity": "paper",
    },
}  # fmt: skip
"""Named settings. `official` is the released code's config.py, `paper` is Fig. A.20 with the T of §5.1."""
_OF_KIND: dict[str, dict[str, Any]] = {"improve": {"improver": "refine"}}
"""Defaults that differ by command. A run improves the paper's seed; `improve` should find the best program."""


Depth = Annotated[
    Positive, setting("T: how often the improver is applied to itself.", Group.WHAT, of="run experiment resume")
]
Improver = Annotated[str, setting("Improver to start from: a built-in name, a .py file, or a run.", Group.WHAT)]
Accept = Annotated[
    Literal["paper", "released", "better", "significant"],
    setting(
        "When a proposed improver is accepted. paper: always; released: unless it measures 0; better: if it measures "
        "higher than its parent; significant: if a paired test shows it.",
        Group.WHAT,
        of="run experiment",
    ),
]
AcceptLevel = Annotated[
    Annotated[float, Meta(gt=0, lt=1)],
    setting("Level of the test of `accept=significant`.", Group.WHAT, of="run experiment"),
]
Feedback = Annotated[
    Literal["on", "off"],
    setting("Explain to improvers why a program has its score (`utility.feedback`).", Group.WHAT),
]
Salvage = Annotated[
    Literal["on", "off"],
    setting(
        "If an improver fails under the meta-utility, use the best program that it scored.",
        Group.WHAT,
        of="run experiment",
    ),
]
CommonDraws = Annotated[
    Literal["on", "off"],
    setting(
        "Buy the responses to equal prompts once for all improvers that are compared: more precise and cheaper.",
        Group.WHAT,
        of="run experiment",
    ),
]
RaceLevel = Annotated[
    Annotated[float, Meta(gt=0, lt=1)] | None,
    setting(
        "Racing: stop repeats of a candidate that is worse than its parent at this level, and of an arm of "
        "`experiment baselines` and `suite` that is worse than the best. Off by default.",
        Group.WHAT,
        of="run experiment",
    ),
]
UtilityText = Annotated[
    Literal["source", "words"],
    setting("How models see a utility: as a Python program, or in words.", Group.WHAT),
]
ExtractCode = Annotated[
    Literal["careful", "released"],
    setting("How programs are read from responses: careful, or released (the rule of the paper's code).", Group.WHAT),
]
ShareScores = Annotated[
    Literal["text", "layout"],
    setting(
        "Programs that share one score: text (equal text), or layout (comments and layout may differ, if the task sees "
        "answers alone).",
        Group.WHAT,
    ),
]
"""Declared once; a run and an experiment have different defaults."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=False):
    """The settings that a run and an experiment share. The TOML file and the Python API use these names."""

    repeats: Annotated[
        Positive,
        setting("Copies of each task in the task set D.", Group.WHAT, "--repeats", "--copies", of="run experiment"),
    ] = 5
    fidelity: Annotated[
        Literal["honest", "paper", "released"],
        setting(
            "honest; paper: the same, but where the paper does so, one failed call makes a whole score 0; or released: "
            "score built-in tasks as the paper's code does.",
            Group.WHAT,
        ),
    ] = "honest"
    probes: Annotated[bool, setting("Probe reported solutions for reward hacks.", Group.WHAT)] = True
    allow_failing_seed: Annotated[
        bool, setting("Start even if the initial program fails on every instance.", Group.WHAT)
    ] = False

    model_calls: Annotated[Positive, setting("Model calls.", Group.ALLOWANCE, of=ALL)] = 4
    responses: Annotated[Positive, setting("Responses in each model call.", Group.ALLOWANCE)] = 6
    utility_calls: Annotated[Positive, setting("Programs to score.", Group.ALLOWANCE, of=ALL)] = 25
    improver_cpu_seconds: Annotated[Seconds, setting("CPU seconds of the improver itself.", Group.ALLOWANCE)] = 60.0
    improver_wall_seconds: Annotated[
        Seconds, setting("Idle seconds of the improver, without waits for responses and scores.", Group.ALLOWANCE)
    ] = 120.0
    improver_memory_mib: Annotated[
        Annotated[int, Meta(ge=64, le=1 << 20)], setting("MiB of memory of the improver itself.", Group.ALLOWANCE)
    ] = 1024
    machine_speed: Annotated[
        Positive | None,
        setting(
            "The machine's speed that improvers see, in million steps a second of an empty Python loop; measured by "
            "default.",
            Group.ALLOWANCE,
        ),
    ] = None

    base_url: Annotated[str | None, setting("Base URL of the API server (usually ends in /v1).", Group.MODEL)] = None
    temperature_policy: Annotated[
        Literal["clamp", "drop", "error"],  # "error": clamp, as it was called until 0.1.0
        setting(
            "For a temperature that the model does not accept: clamp it to its range, or drop it if it accepts none.",
            Group.MODEL,
            of=ALL,
        ),
    ] = "clamp"
    capability: Annotated[
        list[str],
        setting(
            "What the model accepts: temperature=no, n=yes … Can be repeated.",
            Group.MODEL,
            of=ALL,
        ),
    ] = []
    script: Annotated[str | None, setting("File that the model `scripted` answers from.", Group.MODEL)] = None
    speculate: Annotated[
        Literal["off", "cpu", "all"],
        setting(
            "cpu: use idle cores to score the program in a response before the improver asks; all: also improvers, "
            "whose scores ask the model and cost money even if nothing requests them; off: score on request.",
            Group.SANDBOX,
            of=ALL,
        ),
    ] = "cpu"
    max_connections: Annotated[Positive, setting("Model calls in flight at once.", Group.MODEL, of=ALL)] = 32
    requests_per_minute: Annotated[
        Positive | None, setting("Maximum model calls in a minute.", Group.MODEL, of=ALL)
    ] = None
    tokens_per_minute: Annotated[
        Positive | None,
        setting("Maximum tokens in a minute, in and out.", Group.MODEL, of=ALL),
    ] = None
    timeout_seconds: Annotated[
        Seconds,
        setting(
            "Seconds for one model call, from the first to the last byte.",
            Group.MODEL,
            "--timeout",
            of=ALL,
        ),
    ] = 600.0
    patience_seconds: Annotated[
        Seconds,
        setting(
            "Seconds for which a failed call is retried, to survive an outage.",
            Group.MODEL,
            "--patience",
            of=ALL,
        ),
    ] = 900.0
    stream: Annotated[
        Literal["auto", "on", "off"],
        setting(
            "Receive answers in parts: on, off, or auto (after an answer was cut on the way).", Group.MODEL, of=ALL
        ),
    ] = "auto"
    max_output_tokens: Annotated[Positive | None, setting("Maximum tokens of one response.", Group.MODEL)] = None
    price: Annotated[
        list[str],
        setting("IN,OUT or MODEL=IN,OUT: US dollars per million tokens.", Group.MODEL, of=ALL),
    ] = []


class RunConfig(Settings, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=False):
    """One run."""

    kind: Literal["run", "improve", "chain", "bypass"] = "run"
    tasks: Annotated[list[str], Meta(min_length=1)]
    program: Annotated[
        str | None, setting("Program to improve, instead of the task's seed.", Group.WHAT, of="improve")
    ] = None
    instructions: Annotated[
        str | None,
        setting(
            "Text file with what you know and want. Models see it below each task's description.",
            Group.WHAT,
            of="run improve",
        ),
    ] = None
    check: Annotated[
        str | None,
        setting(
            "For a function in a repository: a command that succeeds if the function is right.",
            Group.WHAT,
            of="improve",
        ),
    ] = None
    score: Annotated[
        str | None,
        setting("With `check`: a command that prints the score, instead of the speed-up.", Group.WHAT, of="improve"),
    ] = None
    improver: Annotated[
        str,
        setting(
            "Improver to start from: a built-in name, a .py file, or a run. [default: seed; for improve: refine]",
            Group.WHAT,
        ),
    ] = "seed"
    depth: Depth = 3
    accept: Accept = "better"
    accept_level: AcceptLevel = 0.05
    approve: Annotated[
        bool,
        setting(
            "Ask a person before a proposed improver is accepted: in the terminal, or by a file in the run's folder.",
            Group.WHAT,
            of="run",
        ),
    ] = False
    feedback: Feedback = "on"
    salvage: Salvage = "on"
    common_draws: CommonDraws = "on"
    race: RaceLevel = None
    utility_text: UtilityText = "source"
    extract_code: ExtractCode = "careful"
    share_scores: ShareScores = "layout"
    proposals: Annotated[Positive, setting("Number of proposals.", Group.WHAT, of="bypass")] = 1000
    other_version: Annotated[
        bool,
        setting(
            "Continue with another version of selftaught, which may compute other results.",
            Group.WHAT,
            of="resume experiment",
        ),
    ] = False
    model: Annotated[
        str,
        setting(
            "PROVIDER/MODEL (openai, openrouter, ollama, vllm, llamacpp, anthropic, google), mutate, scripted, "
            "relay:DIR, replay:RECORDING, or auto (the first that is available).",
            Group.MODEL,
            of="run improve",
        ),
    ] = "auto"
    improver_model: Annotated[str | None, setting("Another model for improving improvers.", Group.MODEL, of="run")] = (
        None
    )
    task_model: Annotated[str | None, setting("Another model for improving solutions.", Group.MODEL, of="run")] = None
    program_model: Annotated[
        str | None,
        setting("Another model for programs that ask one (ASKS_MODEL in a task).", Group.MODEL, of="run improve"),
    ] = None
    max_time_seconds: Annotated[
        Seconds | None,
        setting(
            "Stop this many seconds after the start; the run can be resumed.",
            Group.LIMITS,
            "--max-time",
            of=ALL,
        ),
    ] = None
    max_calls: Annotated[Positive | None, setting("Maximum attempts to get a response.", Group.LIMITS, of=ALL)] = None
    max_tokens: Annotated[Positive | None, setting("Maximum tokens, in and out.", Group.LIMITS, of=ALL)] = None
    max_cost: Annotated[
        Annotated[float, Meta(gt=0, le=1e9)] | None,
        setting("Maximum US dollars.", Group.LIMITS, of=ALL),
    ] = None
    sandbox: Annotated[str, setting("auto, bubblewrap, landlock, container or unsafe.", Group.SANDBOX)] = "auto"
    executor: Annotated[
        str,
        setting(
            "Where guests run: local, ray or ray:HOST:PORT (a cluster), or a plugin of an installed package.",
            Group.SANDBOX,
            of="run improve resume",
        ),
    ] = "local"
    seed: Annotated[
        Annotated[str, Meta(pattern=PATTERN)] | None,
        setting(
            "NUMBER repeats a run in this folder of runs; NUMBER:SALT, as printed, repeats it anywhere. Random by "
            "default.",
            Group.WHAT,
            of="run improve",
        ),
    ] = None
    preset: Annotated[
        str, setting("quick, official or paper: a named set of budgets.", Group.ALLOWANCE, of="run improve")
    ] = "default"

    @property
    def caps(self) -> Caps:
        """What the whole run may spend."""
        return Caps(self.max_calls, self.max_tokens, self.max_cost)

    @property
    def allowance(self) -> Allowance:
        """What one application of an improver may spend."""
        return Allowance(self.model_calls, self.responses, self.utility_calls)


class Parameters(Settings, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=False):
    """All settings that decide the results of an experiment. Its cells are runs with these settings."""

    experiment: str
    preset: Annotated[
        str,
        setting("quick, official or paper: named budgets. By default the paper's method, but small.", Group.ALLOWANCE,
                of=EXPERIMENT),
    ] = "default"  # fmt: skip
    tasks: Annotated[list[str], Meta(min_length=1)]
    on: Annotated[
        list[str],
        setting(
            "Tasks to evaluate on, separated by commas; by default the same.", Group.WHAT, of=EXPERIMENT, commas=True
        ),
    ] = []
    models: Annotated[
        Annotated[list[str], Meta(min_length=1)],
        setting("Models, separated by commas; each gives its own cells.", Group.MODEL, of=EXPERIMENT, commas=True),
    ]
    trials: Annotated[
        Positive,
        setting(
            "Independent runs of each cell, each with its own instances.",
            Group.WHAT,
            "--trials",
            "--runs",
            of=EXPERIMENT,
        ),
    ] = 5
    improver: Improver = "paper-seed"
    depth: Depth = 4
    accept: Accept = "paper"
    accept_level: AcceptLevel = 0.05
    feedback: Feedback = "off"
    salvage: Salvage = "off"
    common_draws: CommonDraws = "on"
    race: RaceLevel = None
    utility_text: UtilityText = "source"
    extract_code: ExtractCode = "released"
    share_scores: ShareScores = "text"
    improvers: Annotated[
        list[str],
        setting(
            "Improvers that baselines and suite compare, separated by commas; +NAME adds one to the default list.",
            Group.WHAT,
            of=EXPERIMENT,
            commas=True,
        ),
    ] = []
    against: Annotated[
        str, setting("The improver that the others are compared with; by default the first.", Group.WHAT, of=EXPERIMENT)
    ] = ""
    effect: Annotated[
        Annotated[float, Meta(gt=0, le=1)],
        setting("The difference that power should detect.", Group.WHAT, of=EXPERIMENT),
    ] = 0.03
    proposals: Annotated[
        Positive, setting("Proposals in bypass, for each model and variant.", Group.WHAT, of=EXPERIMENT)
    ] = 10_000
    size: Annotated[
        Literal["quick", "standard", "full"],
        setting(
            "For a suite: its number of tasks, trials and responses; each size is fixed.", Group.WHAT, of=EXPERIMENT
        ),
    ] = "quick"
    suite: str = ""
    observe_with: str = "mutate"
    seed: Annotated[
        Annotated[str, Meta(pattern=PATTERN)],
        setting("NUMBER or NUMBER:SALT: repeats an experiment. Random by default.", Group.WHAT, of=EXPERIMENT),
    ] = "0"

    @property
    def run_seed(self) -> RunSeed:
        """The seed of its cells and of its statistics."""
        return RunSeed.parse(self.seed)

    def settings(self, *cell: str, **more: Any) -> dict[str, Any]:
        """The settings of one run: those that a run shares, a seed that depends on `cell`, and `more`."""
        shared = {name: getattr(self, name) for name in RunConfig.__struct_fields__ if name in self.__struct_fields__}
        return {**shared, "seed": str(self.run_seed.of(*cell)), **more}


def make_config(flags: Mapping[str, Any], file: Path | None = None) -> RunConfig:
    """Layer `flags` (those not None) over the TOML `file` over the preset. Raises UsageError, with what to do."""
    from_file = read_toml(file) if file else {}
    name = flags.get("preset") or from_file.get("preset", "default")
    preset = preset_of(name)
    given = {key: value for key, value in flags.items() if value is not None}
    settings = {**_OF_KIND.get(given.get("kind", ""), {}), **preset, **from_file, **given, "preset": name}
    return from_mapping(settings, str(file or "settings"), given)


def preset_of(name: Any) -> dict[str, Any]:
    """The settings of a preset. Raises UsageError for an unknown name."""
    if not isinstance(name, str) or name not in PRESETS:
        raise UsageError(f"no preset is called {name!r}{_nearest(str(name), PRESETS)}")
    return PRESETS[name]


def from_mapping(settings: Mapping[str, Any], source: str, cited: Collection[str] = ()) -> RunConfig:
    """Check names and values. Raises UsageError naming the setting, what was wanted, and the nearest name.

    `cited`: the settings that came from the caller, and not from the file `source`; they are cited as such.
    """
    known = RunConfig.__struct_fields__
    for key in settings:
        if key not in known:
            raise UsageError(f"{source}: no setting is called {key!r}{_nearest(key, known)}")
    try:
        return msgspec.convert(with_seed_as_text(settings), RunConfig)
    except msgspec.ValidationError as error:
        raise UsageError(plainly(str(error), settings, RunConfig, source, cited)) from error


def applying(config: RunConfig) -> dict[str, Any]:
    """The settings of a run as plain data, without those that only other commands have."""
    commands = {"chain": {"run"}, "bypass": {"run", "bypass"}}.get(config.kind, {config.kind})
    foreign = {name for name, one in declared(RunConfig).items() if not commands & set(one.commands)}
    return {name: value for name, value in msgspec.to_builtins(config).items() if name not in foreign}


def with_seed_as_text(settings: Mapping[str, Any]) -> dict[str, Any]:
    """A seed may be a number, as in files of 0.1.0."""
    seed = settings.get("seed")
    return {**settings, "seed": str(seed)} if isinstance(seed, int) and not isinstance(seed, bool) else {**settings}


def _nearest(name: str, among: Any) -> str:
    close = get_close_matches(name, list(among), 1)
    return f"; did you mean {close[0]!r}?" if close else f"; there are {', '.join(among)}"


def plainly(
    message: str, settings: Mapping[str, Any], of: type[msgspec.Struct], source: str, cited: Collection[str] = ()
) -> str:
    """Rewrite msgspec's "Expected X - at `$.depth`" as "depth: wanted X, got 0"."""
    what, _, where = message.partition(" - at `$.")
    name = where.rstrip("`").split("[")[0]
    if not name:
        return f"{source}: {what}"
    setting = declared(of).get(name)
    if what.startswith("Invalid enum") and setting is not None:
        wanted = " or ".join(setting.choices)
    else:
        wanted = _in_words(what.removeprefix("Expected ").partition(", got")[0])
    got = f", got {settings[name]!r}" if name in settings else ""
    where = f"`{name}`" if name in cited else f"{source}: {name}"
    return f"{where}: wanted {wanted}{got}"


def _in_words(wanted: str) -> str:
    for type_name, words in (
        ("`int | null`", "a whole number"), ("`int`", "a whole number"), ("`float | null`", "a number"),
        ("`float`", "a number"), ("`str | null`", "a text"), ("`str`", "a text"), ("`array`", "a list"),
        ("`bool`", "true or false"), (">=", "of at least"), ("<=", "of at most"), (">", "above"),
        ("<", "below"),
    ):  # fmt: skip
        wanted = wanted.replace(type_name, words)
    return wanted


_MOST_BYTES = 1 << 20
"""The limit of a file of settings, because reading one takes time."""
# A file name that is not UTF-8 comes from the system with half characters (lone surrogates). TOML cannot spell
# them. They are kept as the bytes that they would have in UTF-8, and only files with such a name contain any.


def to_toml(settings: Mapping[str, Any]) -> str:
    """The settings as the text of a TOML file; None is left out."""
    import tomli_w  # as tomllib below, it takes longer to load than most commands need it for

    return tomli_w.dumps({name: value for name, value in settings.items() if value is not None})


def _quickly_read(text: str) -> dict[str, Any] | None:
    """The values of a text as `to_toml` writes it, in which each value is also JSON; None for any other text.

    This reads the settings of a hundred runs in a twentieth of the time that TOML's own reader takes.
    """
    found: dict[str, Any] = {}
    for line in text.replace("[\n    ", "[").replace(",\n]", "]").replace(",\n    ", ", ").splitlines():
        line_of_both = _LINE_OF_BOTH.fullmatch(line)
        if line_of_both is None or line_of_both[1] in found:
            return None
        try:
            found[line_of_both[1]] = msgspec.json.decode(line_of_both[2])
        except msgspec.DecodeError:
            return None
    return found


_ONE = r'(?:"[ !#-\[\]-~]*"|true|false|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)'
_LINE_OF_BOTH = re.compile(rf"([A-Za-z0-9_-]+) = ({_ONE}|\[(?:{_ONE}(?:, {_ONE})*)?\])")
"""A line that means the same in TOML and JSON."""


def read_toml(file: Path) -> dict[str, Any]:
    """The settings in `file`, by name. Raises UsageError if it is missing or is not TOML."""
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise UsageError(f"{file} has {file.stat().st_size} bytes; a file of settings has {_MOST_BYTES} at most")
        # utf-8-sig: some editors put a byte order mark there.
        text = file.read_text(encoding="utf-8-sig", errors="surrogatepass")
        found = _quickly_read(text)
        if found is None:
            import tomllib

            found = tomllib.loads(text)
        return found
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from error
    except RecursionError:
        raise UsageError(f"{file} is not a file of settings: it is nested too deep") from None
    except ValueError as error:  # TOML's own; bytes that are not UTF-8; numbers of thousands of digits
        raise UsageError(f"{file} is not TOML: {error}") from error
