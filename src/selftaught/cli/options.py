"""A command's flags, made from the declarations of its settings (config.py), and how `--help` lists them."""

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from selftaught.config import Group, Parameters, RunConfig, Setting, declared
from selftaught.runs.folder import PARAMETERS

RUNS = Path("runs")
EXPERIMENTS_FOLDER = Path("experiments")


def find_experiment(name: str) -> Path | None:
    """The folder of the experiment with that path or name; None if it does not exist."""
    return next((at for at in (Path(name), EXPERIMENTS_FOLDER / name) if (at / PARAMETERS).is_file()), None)


DECLARED = {**declared(Parameters), **declared(RunConfig)}
"""Every setting by its name."""

Out = Annotated[
    Path | None,
    typer.Option(help="The run's folder; by default a new one in runs/.", rich_help_panel=Group.OUTPUT),
]
SandboxName = Annotated[
    str,
    typer.Option("--sandbox", help="auto, bubblewrap, landlock, container or unsafe.", rich_help_panel=Group.SANDBOX),
]
Fidelity = Annotated[
    str,
    typer.Option(
        help="honest; paper: where the paper does so, one failed call makes a whole score 0; or released: as its code."
    ),
]
Seed = Annotated[
    str | None, typer.Option(help="The seed of the instances: NUMBER, or NUMBER:SALT as printed; random by default.")
]
ConfigFile = Annotated[Path | None, typer.Option(help="A TOML file with settings; flags override it.")]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run", help="Show the highest and the expected cost; spend nothing.", rich_help_panel=Group.LIMITS
    ),
]
Otel = Annotated[
    bool,
    typer.Option(
        "--otel", help="Send spans to OTEL_EXPORTER_OTLP_ENDPOINT, or localhost:4318.", rich_help_panel=Group.OUTPUT
    ),
]
OtelContent = Annotated[
    bool,
    typer.Option(
        "--otel-content", help="Like --otel, with prompts and responses in the spans.", rich_help_panel=Group.OUTPUT
    ),
]
AsJson = Annotated[
    bool, typer.Option("--json", help="One JSON object on stdout instead of text.", rich_help_panel=Group.OUTPUT)
]
Runs = Annotated[
    Path,
    typer.Option("--runs-folder", "--runs", help="The folder of runs.", rich_help_panel=Group.OUTPUT),
]
RunName = Annotated[str, typer.Argument(help="last, the start of a run's name, or its path.")]


def with_settings(settings: Iterable[Setting]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command a flag for each of `settings`. Its parameter `settings` is a dict with the given ones."""
    declared = {setting.name: setting for setting in settings}

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        own = [
            parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            for parameter in inspect.signature(command).parameters.values()
            if parameter.name != "settings"
        ]

        def called(**given: Any) -> None:
            taken = {name: _taken(setting, given.pop(name)) for name, setting in declared.items()}
            command(**given, settings={name: value for name, value in taken.items() if value is not None})

        parameters = [*own, *map(_parameter, declared.values())]
        called.__doc__, called.__name__ = command.__doc__, command.__name__
        called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        called.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return called

    return decorate


def _taken(setting: Setting, value: Any) -> Any:
    """The value in the form that the configuration accepts."""
    if setting.commas and value is not None:
        return [part.strip() for part in value.split(",") if part.strip()]
    return None if value == [] else value  # a flag that may be repeated, and was not given


def flag_of(setting: Setting) -> str:
    """The flag that is shown."""
    return setting.flags[0]


def in_flags(text: str, settings: Mapping[str, Setting] = DECLARED) -> str:
    """`text` with each cited setting (`name` or `name=value`) rewritten as its flag."""

    def flag(cited: re.Match[str]) -> str:
        name, value = cited.groups()
        if name not in settings and name != "out":
            return cited.group()
        shown = flag_of(settings[name]) if name in settings else f"--{name}"
        return f"{shown} {value}" if value else shown

    return re.sub(r"`(\w+)(?:=([^`]*))?`", flag, text)


def _parameter(setting: Setting) -> inspect.Parameter:
    flags = setting.flags
    kind = str if setting.commas else setting.kind
    if kind is bool:
        flags = (f"{flags[0]}/--no-{flags[0].removeprefix('--')}",)
    option = typer.Option(
        *flags,
        help=in_flags(_help(setting)),
        show_default=False,
        metavar="|".join(setting.choices) or None,
        rich_help_panel=setting.group,
    )
    return inspect.Parameter(
        setting.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind | None, option]
    )


def _help(setting: Setting) -> str:
    told = "[default:" in setting.help or "by default" in setting.help
    if told or setting.default in (None, "", "default"):
        return setting.help
    shown = (
        {True: "on", False: "off"}.get(setting.default, setting.default) if setting.kind is bool else setting.default
    )
    return f"{setting.help} [default: {shown:g}]" if isinstance(shown, float) else f"{setting.help} [default: {shown}]"


class Grouped(TyperCommand):
    """Lists the flags by their groups, in plain text: the library's own panels make the start three times slower."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        groups: dict[str, list[tuple[str, str]]] = {"Arguments": [], **{group: [] for group in Group}, "Options": []}
        for parameter in self.get_params(ctx):
            if getattr(parameter, "hidden", False):
                continue
            record = parameter.get_help_record(ctx)
            if record is not None:
                named = parameter.param_type_name == "option"
                group = getattr(parameter, "rich_help_panel", None) or ("Options" if named else "Arguments")
                groups[group].append((_without_older_names(record[0], parameter), record[1]))
        for group, rows in groups.items():
            if rows:
                with formatter.section(group):
                    formatter.write_dl(rows)


def _without_older_names(shown: str, parameter: Any) -> str:
    for older in [name for name in parameter.opts[1:] if parameter.name != "help"]:
        shown = shown.replace(f", {older}", "")
    return shown
