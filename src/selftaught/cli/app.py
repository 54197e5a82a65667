"""The commands and their flags. Results go to stdout; progress, logs and errors to stderr."""

import errno
import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from copy import copy
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.models import CommandInfo

from selftaught.cli.options import (
    EXPERIMENTS_FOLDER,
    RUNS,
    AsJson,
    ConfigFile,
    DryRun,
    Fidelity,
    Grouped,
    Otel,
    OtelContent,
    Out,
    RunName,
    Runs,
    SandboxName,
    Seed,
    in_flags,
    with_settings,
)
from selftaught.cli.terminal import (
    FAILURE,
    INTERRUPTED,
    NO_SANDBOX,
    OK,
    broken_package,
    exit_code,
    only_json,
    open_streams,
    print_error,
)
from selftaught.config import Group, Parameters, RunConfig, Setting, declared
from selftaught.core.errors import SelfTaughtError
from selftaught.core.version import VERSION

app = typer.Typer(
    name="selftaught",
    help="Self-Taught Optimizer: a program that improves programs, and then itself (arXiv 2310.02304).",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_state = {"verbose": False, "json": False}
Wrong: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
"""A command line that is none. Typer has it from click, or brings its own."""


def settings_of(command: str) -> list[Setting]:
    """The settings that `command` takes, by their groups."""
    known = {**declared(RunConfig), **(declared(Parameters) if command == "experiment" else {})}
    taken = [setting for setting in known.values() if command in setting.commands]
    return sorted(taken, key=lambda setting: list(Group).index(setting.group))


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"selftaught {VERSION}")
        raise typer.Exit


@app.callback()
def _options(
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Show tracebacks.")] = False,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True)] = False,
) -> None:
    _state["verbose"] = verbose


@app.command(cls=Grouped)
@with_settings(settings_of("run"))
def run(
    tasks: Annotated[list[str], typer.Argument(metavar="TASK...", help="Built-in names or .py files.")],
    settings: dict[str, Any],
    config: ConfigFile = None,
    dry_run: DryRun = False,
    out: Out = None,
    runs: Runs = RUNS,
    otel: Otel = False,
    otel_content: OtelContent = False,
    as_json: AsJson = False,
) -> None:
    """Improve the improver on TASKs: Algorithm 1, depth T."""
    from selftaught.cli import actions
    from selftaught.cli.otel import traced

    given = {"kind": "run", "tasks": tasks, **settings}
    with traced(otel, otel_content) as tracing:
        actions.start(given, config, out, runs, dry_run=dry_run, tracing=tracing, as_json=as_json)


@app.command(cls=Grouped)
@with_settings(settings_of("improve"))
def improve(
    task: Annotated[
        str,
        typer.Argument(metavar="TASK", help="A built-in name, a .py file, an OpenEvolve folder, FILE.py::FUNCTION."),
    ],
    settings: dict[str, Any],
    config: ConfigFile = None,
    dry_run: DryRun = False,
    out: Out = None,
    in_place: Annotated[
        bool,
        typer.Option(
            "--in-place",
            help="Write what is better over --program, or into FILE.py::FUNCTION.",
            rich_help_panel=Group.OUTPUT,
        ),
    ] = False,
    runs: Runs = RUNS,
    otel: Otel = False,
    otel_content: OtelContent = False,
    as_json: AsJson = False,
) -> None:
    """Apply an improver once to a TASK's seed, or to --program; write the improved program."""
    from selftaught.cli import actions
    from selftaught.cli.otel import traced

    given = {"kind": "improve", "tasks": [task], **settings}
    with traced(otel, otel_content) as tracing:
        actions.start(
            given, config, out, runs, in_place=in_place, dry_run=dry_run, tracing=tracing, as_json=as_json
        )  # fmt: skip


@app.command(cls=Grouped)
def score(
    task: Annotated[str, typer.Argument(metavar="TASK", help="A built-in name or a .py file.")],
    program: Annotated[Path, typer.Argument(metavar="PROGRAM.py")],
    split: Annotated[str, typer.Option(help="val or test.")] = "val",
    fidelity: Fidelity = "honest",
    model: Annotated[str | None, typer.Option(help="Where the program asks a model (ASKS_MODEL): which.")] = None,
    seed: Seed = None,
    sandbox: SandboxName = "auto",
    as_json: AsJson = False,
) -> None:
    """Score a program on a TASK."""
    from selftaught.cli import actions

    actions.score(task, program, split, seed, RUNS, model, fidelity=fidelity, sandbox=sandbox, as_json=as_json)


@app.command(cls=Grouped)
def probe(
    what: Annotated[str, typer.Argument(metavar="TASK|RUN", help="A task, and PROGRAM.py; or a run.")],
    program: Annotated[Path | None, typer.Argument(metavar="[PROGRAM.py]")] = None,
    fidelity: Annotated[str | None, typer.Option(help="honest, or released; of a run: as it was.")] = None,
    seed: Seed = None,
    sandbox: SandboxName = "auto",
    as_json: AsJson = False,
    runs: Runs = RUNS,
) -> None:
    """Look for reward hacks in a PROGRAM, or in all that a RUN reports. Exit code 1 if one is flagged."""
    from selftaught.cli import probe as probing

    probing.probe(what, program, seed, runs, fidelity=fidelity, sandbox=sandbox, as_json=as_json)


@app.command(cls=Grouped)
def bound(
    task: Annotated[str, typer.Argument(metavar="TASK", help="A built-in name.")],
    instances: Annotated[int | None, typer.Option(help="How many of each split; all unless given.")] = None,
    fidelity: Fidelity = "honest",
    seed: Seed = None,
    sandbox: SandboxName = "auto",
    as_json: AsJson = False,
) -> None:
    """Show how far a TASK's seed is from the best answers known, on instances that no run has."""
    from selftaught.cli import bound as bounding

    bounding.bound(task, instances, seed, fidelity=fidelity, sandbox=sandbox, as_json=as_json)


@app.command(cls=Grouped)
@with_settings(settings_of("resume"))
def resume(
    settings: dict[str, Any],
    run: RunName = "last",
    task: Annotated[
        str | None, typer.Option(metavar="FILE", help="Go on with a corrected file of a task: grade may change.")
    ] = None,
    sandbox: Annotated[str | None, typer.Option(help="Another sandbox than the run began in.")] = None,
    runs: Runs = RUNS,
    otel: Otel = False,
    otel_content: OtelContent = False,
    as_json: AsJson = False,
) -> None:
    """Go on with a run that was stopped, at any point. No response on record is asked for twice."""
    from selftaught.cli import actions
    from selftaught.cli.otel import traced

    with traced(otel, otel_content) as tracing:
        actions.resume(run, runs, settings, sandbox, task=task, tracing=tracing, as_json=as_json)


@app.command(cls=Grouped)
def runs(as_json: AsJson = False, runs: Runs = RUNS) -> None:
    """List the runs."""
    from selftaught.cli import looking

    looking.list_all(runs, as_json=as_json)


@app.command(cls=Grouped)
def experiments(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="The folder that holds them.")] = EXPERIMENTS_FOLDER,
    as_json: AsJson = False,
) -> None:
    """List the experiments, and how far each has come."""
    from selftaught.cli import experiments as listing

    listing.show_all(folder, as_json=as_json)


@app.command(cls=Grouped)
def show(
    run: RunName = "last",
    text: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="A program, prompt or response of the run.")
    ] = None,
    candidates: Annotated[bool, typer.Option("--candidates", help="Every program that was scored.")] = False,
    responses: Annotated[
        bool, typer.Option("--responses", help="Every response, and why it holds no program.")
    ] = False,
    as_json: AsJson = False,
    runs: Runs = RUNS,
) -> None:
    """Show what a run has found so far."""
    from selftaught.cli import looking

    looking.show(run, runs, text, candidates=candidates, responses=responses, as_json=as_json)


@app.command(cls=Grouped)
def diff(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run folder, a name in the runs folder, or last.")],
    before: Annotated[str, typer.Argument(metavar="ID", help="A program: show RUN --candidates lists them.")],
    after: Annotated[str, typer.Argument(metavar="ID", help="What it is compared with.")],
    runs: Runs = RUNS,
) -> None:
    """Compare two programs of a run, line by line."""
    from selftaught.cli import looking

    looking.diff(run, before, after, runs)


@app.command(cls=Grouped)
def compare(
    names: Annotated[list[str], typer.Argument(metavar="RUN RUN...", help="Run folders, or names in the runs folder.")],
    as_json: AsJson = False,
    runs: Runs = RUNS,
) -> None:
    """Compare two runs or more: results with their errors, settings, and what each cost."""
    from selftaught.cli import comparing

    comparing.compare(names, runs, as_json=as_json)


@app.command(cls=Grouped)
def view(
    run: Annotated[
        str | None, typer.Argument(metavar="[RUN|DIR]", help="A run, or a folder of runs; all runs unless given.")
    ] = None,
    port: Annotated[int, typer.Option(help="The next free one where it is in use.")] = 8765,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page.")] = True,
    runs: Runs = RUNS,
) -> None:
    """Watch runs in a page of this machine's own, while they go on; answer what waits for a person."""
    from selftaught.cli.live import server

    server.serve(run, runs, port, browser=browser)


@app.command(cls=Grouped)
def export(
    run: RunName = "last",
    what: Annotated[str | None, typer.Option(help="best-improver, improver-N, solution-N, recording.")] = None,
    out: Annotated[Path | None, typer.Option(help="A file; stdout unless given.")] = None,
    keep: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of an improver: keep it for --improver NAME, in any folder.")
    ] = None,
    runs: Runs = RUNS,
) -> None:
    """Print a program of a run (its best improver, I_N, the N-th solution that this made), or pack all of it."""
    from selftaught.cli import looking

    looking.export(run, runs, what, out, keep)


@app.command(cls=Grouped)
def replay(
    run: Annotated[
        str, typer.Argument(help="last, a run's name or the start of it, its path, or a recording.")
    ] = "last",
    trust_tasks: Annotated[
        bool, typer.Option("--trust-tasks", help="Of a recording: run its own tasks' code.")
    ] = False,
    sandbox: SandboxName = "auto",
    as_json: AsJson = False,
    runs: Runs = RUNS,
) -> None:
    """Run it again with no model, sandbox and grading included; check that all comes out as recorded."""
    from selftaught.cli import actions

    raise typer.Exit(OK if actions.replay(run, runs, sandbox, trust_tasks=trust_tasks, as_json=as_json) else FAILURE)


@app.command(cls=Grouped)
def report(
    run: RunName = "last",
    out: Annotated[Path | None, typer.Option(help="A file; the run's report.html unless given.")] = None,
    runs: Runs = RUNS,
) -> None:
    """Write the report of a run, or of an experiment: one self-contained HTML file."""
    from selftaught.cli import looking

    looking.report(run, runs, out)


@app.command(cls=Grouped)
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The task's name: NAME.py is written.")],
    kind: Annotated[
        str, typer.Option(help="function, minimize, play, speed, program, text, prompt; see docs/tasks.md.")
    ] = "function",
) -> None:
    """Write a task of your own that runs as it is, to be changed."""
    from selftaught.cli import own_tasks

    own_tasks.new(name, kind)


@app.command(cls=Grouped)
def check(
    task: Annotated[str, typer.Argument(metavar="TASK", help="A built-in name or a .py file.")],
    seed: Seed = None,
    sandbox: SandboxName = "auto",
    as_json: AsJson = False,
) -> None:
    """Say what can be known of a TASK before anything is spent on it. Exit code 1 if something is wrong."""
    from selftaught.cli import own_tasks

    raise typer.Exit(OK if own_tasks.check(task, seed, RUNS, sandbox=sandbox, as_json=as_json) else FAILURE)


@app.command(cls=Grouped)
def tasks(as_json: AsJson = False) -> None:
    """List the built-in tasks."""
    from selftaught.cli import task_list

    task_list.show(as_json=as_json)


@app.command(cls=Grouped)
def plugins(as_json: AsJson = False) -> None:
    """List what installed packages bring, and what of it cannot be used. Exit code 1 if anything cannot."""
    from selftaught.cli import plugin_list

    raise typer.Exit(OK if plugin_list.show(as_json=as_json) else FAILURE)


@app.command(cls=Grouped)
def improvers(as_json: AsJson = False) -> None:
    """List the improvers that can be named: built in, of installed packages, and those that you have kept."""
    from selftaught.cli import improvers as listing

    listing.list_improvers(as_json=as_json)


@app.command(cls=Grouped)
def doctor(as_json: AsJson = False) -> None:
    """Say what this machine can do, what it lacks, and what to install or enable."""
    from selftaught.cli import doctor as machine

    raise typer.Exit(OK if machine.examine(as_json=as_json) else NO_SANDBOX)


@app.command(cls=Grouped)
def demo(
    mutate: Annotated[
        bool, typer.Option("--mutate", help="Improve an improver with random edits, instead of the recorded answers.")
    ] = False,
    seed: Seed = None,
    sandbox: SandboxName = "auto",
    as_json: AsJson = False,
    runs: Runs = RUNS,
) -> None:
    """Watch a program become better, with no key and no network, in under a minute: recorded answers, live scores."""
    from selftaught.cli import demo as demonstration

    demonstration.demo(seed, sandbox, runs, mutate=mutate, as_json=as_json)


@app.command(cls=Grouped)
@with_settings(settings_of("experiment"))
def experiment(
    name: Annotated[
        str, typer.Argument(help="curve, transfer, baselines, bypass, strategies, imp-at-k, suite or power.")
    ],
    settings: dict[str, Any],
    what: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TASK...]", help="Tasks; of strategies: runs; of suite: modern; of power: an experiment."
        ),
    ] = None,
    label_with: Annotated[str | None, typer.Option(help="A model that labels strategies instead of the rules.")] = None,
    dry_run: DryRun = False,
    out: Annotated[
        Path | None,
        typer.Option(help="Its folder; one that is there is gone on with.", rich_help_panel=Group.OUTPUT),
    ] = None,
    folder: Annotated[
        Path,
        typer.Option("--runs-folder", help="The folder that holds runs.", rich_help_panel=Group.OUTPUT),
    ] = RUNS,
    otel: Otel = False,
    otel_content: OtelContent = False,
    as_json: AsJson = False,
) -> None:
    """Regenerate a table or figure of the paper, on screen and as CSV, JSON and SVG. It can be stopped and go on."""
    from selftaught.cli import experiment as conducting
    from selftaught.cli.otel import traced

    with traced(otel, otel_content) as tracing:
        conducting.experiment(
            name, what or [], settings, label_with, out, folder, dry_run=dry_run, tracing=tracing, as_json=as_json
        )  # fmt: skip


def _app_for(words: Sequence[str]) -> typer.Typer:
    """The app with the command that is named first alone: to build all of them takes longer than to run one."""
    named = [command for command in app.registered_commands if words and _name_of(command) == words[0]]
    if not named:
        return app
    alone = copy(app)
    alone.registered_commands = named
    return alone


def _name_of(command: CommandInfo) -> str:
    return command.name or (command.callback.__name__ if command.callback else "")


def main() -> None:
    """Run one command; turn our errors into one line and an exit code, and with --json into JSON, too."""
    open_streams()
    _state["json"] = "--json" in sys.argv[1:]
    with only_json() if _state["json"] else nullcontext():
        _main()


def _end(said: str, kind: str, code: int) -> NoReturn:
    print(f"selftaught: {said}", file=sys.stderr)
    if _state["json"]:
        print_error(said, kind, code)
    sys.exit(code)


def _main() -> None:
    try:
        code = _app_for(sys.argv[1:])(prog_name="selftaught", standalone_mode=False)
        sys.stdout.flush()
        sys.exit(code)
    except Wrong as error:  # a flag that there is not, a value that is none
        error.show()
        if _state["json"]:
            print_error(error.format_message(), "UsageError", error.exit_code)
        sys.exit(error.exit_code)
    except typer.Abort:
        sys.exit(INTERRUPTED)
    except KeyboardInterrupt:  # before a command has begun, or where nothing needs to be stopped
        sys.exit(INTERRUPTED)
    except SelfTaughtError as error:
        if _state["verbose"]:
            import traceback

            traceback.print_exc()
        _end(" ".join(in_flags(str(error)).split()), type(error).__name__, exit_code(error))
    except ImportError as error:
        if _state["verbose"]:
            raise
        name = broken_package(error)
        said = " ".join(str(error).split())[:200]
        advice = f"reinstall it (pip install --force-reinstall {name})"
        code = NO_SANDBOX if name in ("numpy", "msgspec") else FAILURE  # the sandbox stands on these two
        _end(f"{name} does not import ({said}): {advice}", "ImportError", code)
    except OSError as error:
        if error.errno != errno.ENOSPC or _state["verbose"]:
            raise
        print("selftaught: cannot write the output: no space left", file=sys.stderr)
        os._exit(FAILURE)  # what is still to be written cannot be
