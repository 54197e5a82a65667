"""The commands and their flags. Results go to stdout; progress, logs and errors to stderr."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from selftaught import __version__
from selftaught.core.errors import NoSandbox, RunStopped, SelfTaughtError, UsageError

app = typer.Typer(
    name="selftaught",
    help="Self-Taught Optimizer: a program that improves programs, and then itself (arXiv 2310.02304).",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_state = {"verbose": False}

OK, FAILURE, USAGE, STOPPED, NO_SANDBOX, INTERRUPTED = 0, 1, 2, 3, 4, 130
"""Exit codes: documented in the README."""

Model = Annotated[str | None, typer.Option(help="openai/MODEL, mutate, scripted, or auto: the first that is there.")]
BaseUrl = Annotated[str | None, typer.Option(help="Any OpenAI-compatible endpoint, with its /v1.")]
Script = Annotated[str | None, typer.Option(help="The file that the model `scripted` answers from.")]
Improver = Annotated[str | None, typer.Option(help="A seed by its name, a .py file, or a run.")]
ModelCalls = Annotated[int | None, typer.Option(help="Model calls per application of an improver.")]
Responses = Annotated[int | None, typer.Option(help="Responses per model call.")]
UtilityCalls = Annotated[int | None, typer.Option(help="Utility calls per application of an improver.")]
Preset = Annotated[str | None, typer.Option(help="quick, official or paper: a named set of budgets.")]
MaxTime = Annotated[float | None, typer.Option(help="Stop after this many seconds; the run can be resumed.")]
Seed = Annotated[int | None, typer.Option(help="Repeats a run exactly; drawn anew unless given. Keep it from guests.")]
Out = Annotated[Path | None, typer.Option(help="The run's folder; a new one below runs/ unless given.")]
SandboxName = Annotated[str | None, typer.Option("--sandbox", help="auto, bubblewrap, landlock; unsafe: no isolation.")]
Connections = Annotated[int | None, typer.Option(help="Model calls in flight at once.")]
ConfigFile = Annotated[Path | None, typer.Option(help="Settings from a TOML file; flags win over it.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on stdout instead of text.")]
Runs = Annotated[Path, typer.Option(help="The folder that holds runs.")]
Fidelity = Annotated[str | None, typer.Option(help="honest, or released: as the paper's code scores built-in tasks.")]
RunName = Annotated[str, typer.Argument(help="last, a run's name or the start of it, or its path.")]

RUNS = Path("runs")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"selftaught {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Show tracebacks.")] = False,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True)] = False,
) -> None:
    _state["verbose"] = verbose


@app.command()
def run(
    tasks: Annotated[list[str], typer.Argument(metavar="TASK...", help="Built-in names or .py files.")],
    model: Model = None,
    base_url: BaseUrl = None,
    depth: Annotated[int | None, typer.Option(help="T: how often the improver is applied to itself.")] = None,
    repeats: Annotated[int | None, typer.Option(help="How often each task stands in D.")] = None,
    improver: Improver = None,
    accept: Annotated[str | None, typer.Option(help="paper: I_t is what came; better: only if it is.")] = None,
    model_calls: ModelCalls = None,
    responses: Responses = None,
    utility_calls: UtilityCalls = None,
    fidelity: Fidelity = None,
    preset: Preset = None,
    max_time: MaxTime = None,
    seed: Seed = None,
    out: Out = None,
    sandbox: SandboxName = None,
    max_connections: Connections = None,
    script: Script = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
    runs: Runs = RUNS,
) -> None:
    """Improve the improver on TASKs: Algorithm 1, depth T."""
    from selftaught.cli import actions

    flags = {
        "kind": "run", "tasks": tasks, "model": model, "base_url": base_url, "depth": depth, "repeats": repeats,
        "improver": improver, "accept": accept, "model_calls": model_calls, "responses": responses,
        "utility_calls": utility_calls, "max_time_seconds": max_time, "seed": seed, "sandbox": sandbox,
        "max_connections": max_connections, "script": script, "fidelity": fidelity,
    }  # fmt: skip
    actions.start(flags, config, preset, out, runs, as_json=as_json)


@app.command()
def improve(
    task: Annotated[str, typer.Argument(metavar="TASK", help="A built-in name or a .py file.")],
    program: Annotated[Path | None, typer.Option(help="The program to improve; the task's seed unless given.")] = None,
    model: Model = None,
    base_url: BaseUrl = None,
    improver: Improver = None,
    model_calls: ModelCalls = None,
    responses: Responses = None,
    utility_calls: UtilityCalls = None,
    fidelity: Fidelity = None,
    preset: Preset = None,
    max_time: MaxTime = None,
    seed: Seed = None,
    out: Out = None,
    sandbox: SandboxName = None,
    max_connections: Connections = None,
    script: Script = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
    runs: Runs = RUNS,
) -> None:
    """Apply an improver once to a TASK's seed, or to --program; write the improved program."""
    from selftaught.cli import actions

    flags = {
        "kind": "improve", "tasks": [task], "program": str(program) if program else None, "model": model,
        "base_url": base_url, "improver": improver, "model_calls": model_calls, "responses": responses,
        "utility_calls": utility_calls, "max_time_seconds": max_time, "seed": seed, "sandbox": sandbox,
        "max_connections": max_connections, "script": script, "fidelity": fidelity,
    }  # fmt: skip
    actions.start(flags, config, preset, out, runs, as_json=as_json)


@app.command()
def score(
    task: Annotated[str, typer.Argument(metavar="TASK", help="A built-in name or a .py file.")],
    program: Annotated[Path, typer.Argument(metavar="PROGRAM.py")],
    split: Annotated[str, typer.Option(help="val or test.")] = "val",
    fidelity: Fidelity = None,
    seed: Seed = None,
    sandbox: SandboxName = None,
    as_json: AsJson = False,
) -> None:
    """Score a program on a TASK."""
    from selftaught.cli import actions

    actions.score(task, program, split, seed, fidelity=fidelity or "honest", sandbox=sandbox or "auto", as_json=as_json)


@app.command()
def bound(
    task: Annotated[str, typer.Argument(metavar="TASK", help="A built-in name.")],
    instances: Annotated[int | None, typer.Option(help="How many of each split; all unless given.")] = None,
    fidelity: Fidelity = None,
    seed: Seed = None,
    sandbox: SandboxName = None,
    as_json: AsJson = False,
) -> None:
    """Show how far a TASK's seed is from the best answers known, on instances that no run has."""
    from selftaught.cli import bounding

    bounding.bound(task, instances, seed, fidelity=fidelity or "honest", sandbox=sandbox or "auto", as_json=as_json)


@app.command()
def resume(
    run: RunName = "last",
    max_time: MaxTime = None,
    max_connections: Connections = None,
    sandbox: SandboxName = None,
    as_json: AsJson = False,
    runs: Runs = RUNS,
) -> None:
    """Go on with a run that was stopped, at any point. Nothing is asked of the model twice."""
    from selftaught.cli import actions

    actions.resume(run, runs, max_time, max_connections, sandbox, as_json=as_json)


@app.command()
def runs(as_json: AsJson = False, runs: Runs = RUNS) -> None:
    """List the runs."""
    from selftaught.cli import actions

    actions.list_all(runs, as_json=as_json)


@app.command()
def show(run: RunName = "last", as_json: AsJson = False, runs: Runs = RUNS) -> None:
    """Show what a run has found so far."""
    from selftaught.cli import actions

    actions.show(run, runs, as_json=as_json)


@app.command()
def export(
    run: RunName = "last",
    what: Annotated[str, typer.Option(help="best-improver, improver-N, or solution-N.")] = "best-improver",
    out: Annotated[Path | None, typer.Option(help="A file; stdout unless given.")] = None,
    runs: Runs = RUNS,
) -> None:
    """Print a program of a run: its best improver, I_N, or the N-th solution that the best improver made."""
    from selftaught.cli import actions

    actions.export(run, runs, what, out)


@app.command()
def report(run: RunName = "last", out: Annotated[Path | None, typer.Option()] = None, runs: Runs = RUNS) -> None:
    """Write a run's report: one self-contained HTML file."""
    from selftaught.cli import actions

    actions.report(run, runs, out)


@app.command()
def tasks(as_json: AsJson = False) -> None:
    """List the built-in tasks."""
    from selftaught.cli import actions

    actions.tasks(as_json=as_json)


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Say what this machine can do, what it lacks, and what to install or enable."""
    from selftaught.cli import doctor as machine

    raise typer.Exit(OK if machine.examine(as_json=as_json) else NO_SANDBOX)


@app.command()
def demo(seed: Seed = 7, sandbox: SandboxName = None, as_json: AsJson = False, runs: Runs = RUNS) -> None:
    """Run a short self-improvement on three-sat, with no key and no network, in under a minute."""
    from selftaught.cli import actions

    actions.demo(seed, sandbox, runs, as_json=as_json)


def main() -> None:
    """Run one command; turn our errors into one line and an exit code."""
    try:
        app(prog_name="selftaught")
    except SelfTaughtError as error:
        if _state["verbose"]:
            import traceback

            traceback.print_exc()
        print(f"selftaught: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(exit_code(error))
    except BrokenPipeError:  # `selftaught show | head`
        sys.stderr.close()
        sys.exit(FAILURE)


def exit_code(error: SelfTaughtError) -> int:
    """The exit code that tells this kind of error."""
    if isinstance(error, RunStopped):
        return INTERRUPTED if error.interrupted else STOPPED
    return {UsageError: USAGE, NoSandbox: NO_SANDBOX}.get(type(error), FAILURE)


def environment() -> dict[str, Any]:
    """Environment variables, over those of a .env file in the current folder."""
    import os

    from dotenv import dotenv_values

    return {**{k: v for k, v in dotenv_values(".env").items() if v is not None}, **os.environ}
