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
    help="Self-Taught Optimizer: improves programs, and then the program that improves them (arXiv 2310.02304).",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_state = {"verbose": False, "json": False}
Wrong: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
"""An invalid command line. Typer takes this class from click, or has its own."""


def settings_of(command: str) -> list[Setting]:
    """The settings that `command` has, by their groups."""
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
            help="Overwrite --program or FILE.py::FUNCTION if the result is better.",
            rich_help_panel=Group.OUTPUT,
        ),
    ] = False,
    runs: Runs = RUNS,
    otel: Otel = False,
    otel_content: OtelContent = False,
    as_json: AsJson = False,
) -> None:
    """Apply an improver once to a TASK's seed, or to --program, and write the improved program."""
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
    model: Annotated[str | None, typer.Option(help="The model for a program that asks one (ASKS_MODEL).")] = None,
    seed: Seed = None,
    sandbox: SandboxName = "auto",
    as_json: AsJson = False,
) -> None:
    """Score a program on a TASK."""
    from selftaught.cli import actions

    actions.score(task, program, split, seed, RUNS, model, fidelity=fidelity, sandbox=sandbox, as_json=as_json)


@app.command(cls=Grouped)
def probe(
    what: Annotated[str, typer.Argument(metavar="TASK|RUN", help="A task with PROGRAM.py, or a run.")],
    program: Annotated[Path | None, typer.Argument(metavar="[PROGRAM.py]")] = None,
    fidelity: Annotated[str | None, typer.Option(help="honest, paper or released; by default that of the run.")] = None,
    seed: Seed = None,
    sandbox: SandboxName = "auto",
    as_json: AsJson = False,
    runs: Runs = RUNS,
) -> None:
    """Look for reward hacks in a PROGRAM, or in the solutions of a RUN. Exit code 1 if one is flagged."""
    from selftaught.cli import probe as probing

    probing.probe(what, program, seed, runs, fidelity=fidelity, sandbox=sandbox, as_json=as_json)


@app.command(cls=Grouped)
def bound(
    task: Annotated[str, typer.Argument(metavar="TASK", help="A built-in name.")],
    instances: Annotated[int | None, typer.Option(help="Instances of each split; all by default.")] = None,
    fidelity: Fidelity = "honest",
    seed: Seed = None,
    sandbox: SandboxName = "auto",
    as_json: AsJson = False,
) -> None:
    """Show how far a TASK's seed is from the best known answers, on instances that no run has."""
    from selftaught.cli import bound as bounding

    bounding.bound(task, instances, seed, fidelity=fidelity, sandbox=sandbox, as_json=as_json)


@app.command(cls=Grouped)
@with_settings(settings_of("resume"))
def resume(
    settings: dict[str, Any],
    run: RunName = "last",
    task: Annotated[
        str | None, typer.Option(metavar="FILE", help="Continue with a corrected task file: grade may change.")
    ] = None,
    sandbox: Annotated[str | None, typer.Option(help="Another sandbox than before.")] = None,
    runs: Runs = RUNS,
    otel: Otel = False,
    otel_content: OtelContent = False,
    as_json: AsJson = False,
) -> None:
    """Continue a run that stopped, at any point. No recorded response is bought twice."""
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
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="The folder of experiments.")] = EXPERIMENTS_FOLDER,
    as_json: AsJson = False,
) -> None:
    """List the experiments and their progress."""
    from selftaught.cli import experiments as listing

    listing.show_all(folder, as_json=as_json)


@app.command(cls=Grouped)
def show(
    run: RunName = "last",
    text: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="A program, prompt or response of the run.")
    ] = None,
    candidates: Annotated[bool, typer.Option("--candidates", help="Every program that was scored.")] = False,
    responses: Annotated[bool, typer.Option("--responses", help="Every response, and why it has no program.")] = False,
    as_json: AsJson = False,
    runs: Runs = RUNS,
) -> None:
    """Show the results of a run so far."""
    from selftaught.cli import looking

    looking.show(run, runs, text, candidates=candidates, responses=responses, as_json=as_json)


@app.command(cls=Grouped)
def diff(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run's folder, its name, or last.")],
    before: Annotated[str, typer.Argument(metavar="ID", help="A program; show RUN --candidates lists them.")],
    after: Annotated[str, typer.Argument(metavar="ID", help="The program to compare it with.")],
    runs: Runs = RUNS,
) -> None:
    """Compare two programs of a run, line by line."""
    from selftaught.cli import looking

    looking.diff(run, before, after, runs)


@app.command(cls=Grouped)
def compare(
    names: Annotated[list[str], typer.Argument(metavar="RUN RUN...", help="Folders or names of runs.")],
    as_json: AsJson = False,
    runs: Runs = RUNS,
) -> None:
    """Compare two or more runs: results with their errors, settings, and costs."""
    from selftaught.cli import comparing

    comparing.compare(names, runs, as_json=as_json)


@app.command(cls=Grouped)
def view(
    run: Annotated[
        str | None, typer.Argument(metavar="[RUN|DIR]", help="A run, or a folder of runs; by default all runs.")
    ] = None,
    port: Annotated[int, typer.Option(help="If it is in use, the next free port.")] = 8765,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page.")] = True,
    runs: Runs = RUNS,
) -> None:
    """Watch runs in a local web page while they work, and answer what waits for a person."""
    from selftaught.cli.live import server

    server.serve(run, runs, port, browser=browser)


@app.command(cls=Grouped)
def export(
    run: RunName = "last",
    what: Annotated[str | None, typer.Option(help="best-improver, improver-N, solution-N, recording.")] = None,
    out: Annotated[Path | None, typer.Option(help="A file; by default stdout.")] = None,
    keep: Annotated[
        str | None, typer.Option(metavar="NAME", help="Keep the improver for --improver NAME, in any folder.")
    ] = None,
    runs: Runs = RUNS,
) -> None:
    """Print a program of a run (its best improver, I_N, or the best improver's N-th solution), or pack the run."""
    from selftaught.cli import looking

    looking.export(run, runs, what, out, keep)


@app.command(cls=Grouped)
def replay(
    run: Annotated[str, typer.Argument(help="last, the start of a run's name, its path, or a recording.")] = "last",
    trust_tasks: Annotated[bool, typer.Option("--trust-tasks", help="Execute the task files of a recording.")] = False,
    sandbox: SandboxName = "auto",
    as_json: AsJson = False,
    runs: Runs = RUNS,
) -> None:
    """Run it again without a model but with sandbox and grading, and compare all results with the record."""
    from selftaught.cli import actions

    raise typer.Exit(OK if actions.replay(run, runs, sandbox, trust_tasks=trust_tasks, as_json=as_json) else FAILURE)


@app.command(cls=Grouped)
def report(
    run: RunName = "last",
    out: Annotated[Path | None, typer.Option(help="A file; by default the run's report.html.")] = None,
    runs: Runs = RUNS,
) -> None:
    """Write the report of a run or an experiment: one self-contained HTML file."""
    from selftaught.cli import looking

    looking.report(run, runs, out)


@app.command(cls=Grouped)
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The task's name; the file is NAME.py.")],
    kind: Annotated[
        str, typer.Option(help="function, minimize, play, speed, program, text, prompt; see docs/tasks.md.")
    ] = "function",
) -> None:
    """Write a task file that runs without changes, as a start for your own task."""
    from selftaught.cli import own_tasks

    own_tasks.new(name, kind)


@app.command(cls=Grouped)
def check(
    task: Annotated[str, typer.Argument(metavar="TASK", help="A built-in name or a .py file.")],
    seed: Seed = None,
    sandbox: SandboxName = "auto",
    as_json: AsJson = False,
) -> None:
    """Check a TASK before you spend anything on it. Exit code 1 if something is wrong."""
    from selftaught.cli import own_tasks

    raise typer.Exit(OK if own_tasks.check(task, seed, RUNS, sandbox=sandbox, as_json=as_json) else FAILURE)


@app.command(cls=Grouped)
def tasks(as_json: AsJson = False) -> None:
    """List the built-in tasks."""
    from selftaught.cli import task_list

    task_list.show(as_json=as_json)


@app.command(cls=Grouped)
def plugins(as_json: AsJson = False) -> None:
    """List the plugins of installed packages. Exit code 1 if any of them cannot be used."""
    from selftaught.cli import plugin_list

    raise typer.Exit(OK if plugin_list.show(as_json=as_json) else FAILURE)


@app.command(cls=Grouped)
def improvers(as_json: AsJson = False) -> None:
    """List the improvers that you can name: built in, from installed packages, and your own."""
    from selftaught.cli import improvers as listing

    listing.list_improvers(as_json=as_json)


@app.command(cls=Grouped)
def doctor(as_json: AsJson = False) -> None:
    """Show what this machine supports, what is missing, and what to install or enable."""
    from selftaught.cli import doctor as machine

    raise typer.Exit(OK if machine.examine(as_json=as_json) else NO_SANDBOX)


@app.command(cls=Grouped)
def demo(
    mutate: Annotated[
        bool, typer.Option("--mutate", help="Improve an improver with random edits instead of recorded answers.")
    ] = False,
    seed: Seed = None,
    sandbox: SandboxName = "auto",
    as_json: AsJson = False,
    runs: Runs = RUNS,
) -> None:
    """Watch a program become better in under a minute, without key or network: recorded answers, live scores."""
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
            metavar="[TASK...]", help="Tasks; for strategies: runs; for suite: modern; for power: an experiment."
        ),
    ] = None,
    label_with: Annotated[str | None, typer.Option(help="A model that labels strategies instead of the rules.")] = None,
    dry_run: DryRun = False,
    out: Annotated[
        Path | None,
        typer.Option(help="Its folder; an existing experiment continues.", rich_help_panel=Group.OUTPUT),
    ] = None,
    folder: Annotated[
        Path,
        typer.Option("--runs-folder", help="The folder of runs.", rich_help_panel=Group.OUTPUT),
    ] = RUNS,
    otel: Otel = False,
    otel_content: OtelContent = False,
    as_json: AsJson = False,
) -> None:
    """Produce a table or figure of the paper, on screen and as CSV, JSON and SVG. You can stop and continue it."""
    from selftaught.cli import experiment as conducting
    from selftaught.cli.otel import traced

    with traced(otel, otel_content) as tracing:
        conducting.experiment(
            name, what or [], settings, label_with, out, folder, dry_run=dry_run, tracing=tracing, as_json=as_json
        )  # fmt: skip


def _app_for(words: Sequence[str]) -> typer.Typer:
    """The app with only the command that is named first: building all commands takes longer than running one."""
    named = [command for command in app.registered_commands if words and _name_of(command) == words[0]]
    if not named:
        return app
    alone = copy(app)
    alone.registered_commands = named
    return alone


def _name_of(command: CommandInfo) -> str:
    return command.name or (command.callback.__name__ if command.callback else "")


def main() -> None:
    """Run one command. Turn our errors into one line and an exit code, with --json also into JSON."""
    open_streams()
    _state["json"] = "--json" in sys.argv[1:]
    with only_json() if _state["json"] else nullcontext():
        _main()


def _end(message: str, kind: str, code: int) -> NoReturn:
    print(f"selftaught: {message}", file=sys.stderr)
    if _state["json"]:
        print_error(message, kind, code)
    sys.exit(code)


def _main() -> None:
    try:
        code = _app_for(sys.argv[1:])(prog_name="selftaught", standalone_mode=False)
        sys.stdout.flush()
        sys.exit(code)
    except Wrong as error:  # an unknown flag, an invalid value
        error.show()
        if _state["json"]:
            print_error(error.format_message(), "UsageError", error.exit_code)
        sys.exit(error.exit_code)
    except typer.Abort:
        sys.exit(INTERRUPTED)
    except KeyboardInterrupt:  # before a command starts, or if nothing needs to be stopped
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
        reason = " ".join(str(error).split())[:200]
        advice = f"reinstall it (pip install --force-reinstall {name})"
        code = NO_SANDBOX if name in ("numpy", "msgspec") else FAILURE  # the sandbox needs these two
        _end(f"{name} does not import ({reason}): {advice}", "ImportError", code)
    except OSError as error:
        if error.errno != errno.ENOSPC or _state["verbose"]:
            raise
        print("selftaught: cannot write the output: no space left", file=sys.stderr)
        os._exit(FAILURE)  # the rest of the output cannot be written
