"""The commands and their flags. Results go to stdout; progress, logs and errors to stderr."""

import errno
import io
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from selftaught import __version__
from selftaught.cli.terminal import FAILURE, INTERRUPTED, NO_SANDBOX, OK, broken_package, exit_code
from selftaught.core.errors import SelfTaughtError

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

Model = Annotated[
    str | None,
    typer.Option(
        help="PROVIDER/MODEL (openai, openrouter, ollama, vllm, llamacpp, anthropic, google), mutate, scripted, "
        "relay:DIR, replay:RECORDING, or auto: the first that is there."
    ),
]
ImproverModel = Annotated[str | None, typer.Option(help="Another model for improving improvers.")]
TaskModel = Annotated[str | None, typer.Option(help="Another model for improving solutions.")]
BaseUrl = Annotated[str | None, typer.Option(help="Another server than the provider's own, mostly with its /v1.")]
TemperaturePolicy = Annotated[
    str | None, typer.Option(help="Where a model takes no temperature: error, or drop it, which is recorded.")
]
Capability = Annotated[
    list[str] | None, typer.Option(help="What the model takes: temperature=no, n=yes … May be given several times.")
]
RequestsPerMinute = Annotated[int | None, typer.Option(help="Model calls in any minute, at most.")]
TokensPerMinute = Annotated[int | None, typer.Option(help="Tokens in and out in any minute, at most.")]
Timeout = Annotated[
    float | None, typer.Option(help="Seconds for one model call, first to last byte; 600 unless given.")
]
Script = Annotated[str | None, typer.Option(help="The file that the model `scripted` answers from.")]
Improver = Annotated[str | None, typer.Option(help="A seed by its name, a .py file, or a run.")]
ModelCalls = Annotated[int | None, typer.Option(help="Model calls per application of an improver.")]
Responses = Annotated[int | None, typer.Option(help="Responses per model call.")]
UtilityCalls = Annotated[int | None, typer.Option(help="Utility calls per application of an improver.")]
Preset = Annotated[str | None, typer.Option(help="quick, official or paper: a named set of budgets.")]
MaxTime = Annotated[float | None, typer.Option(help="Stop so many seconds after this start; the run can be resumed.")]
MaxCalls = Annotated[int | None, typer.Option(help="The most attempts to get a response, over the whole run.")]
MaxTokens = Annotated[int | None, typer.Option(help="The most tokens, in and out, over the whole run.")]
MaxCost = Annotated[float | None, typer.Option(help="The most US dollars, over the whole run.")]
MaxOutput = Annotated[int | None, typer.Option("--max-output-tokens", help="The most tokens of one response.")]
Price = Annotated[list[str] | None, typer.Option(help="IN,OUT or MODEL=IN,OUT: US dollars per million tokens.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what it can cost and is expected to; spend nothing.")]
Seed = Annotated[int | None, typer.Option(help="Repeats a run exactly; drawn anew unless given. Keep it from guests.")]
Out = Annotated[Path | None, typer.Option(help="The run's folder; a new one below runs/ unless given.")]
SandboxName = Annotated[str | None, typer.Option("--sandbox", help="auto, bubblewrap, landlock, container or unsafe.")]
Connections = Annotated[int | None, typer.Option(help="Model calls in flight at once.")]
ConfigFile = Annotated[Path | None, typer.Option(help="Settings from a TOML file; flags win over it.")]
Otel = Annotated[bool, typer.Option("--otel", help="Send spans to OTEL_EXPORTER_OTLP_ENDPOINT, or localhost:4318.")]
OtelContent = Annotated[bool, typer.Option("--otel-content", help="--otel, with prompts and responses in the spans.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on stdout instead of text.")]
Runs = Annotated[Path, typer.Option(help="The folder that holds runs.")]
Fidelity = Annotated[str | None, typer.Option(help="honest, or released: as the paper's code scores built-in tasks.")]
WithProbes = Annotated[
    bool | None, typer.Option("--probes/--no-probes", help="Probe reported solutions for reward hacks, or do not.")
]
TrustTasks = Annotated[bool, typer.Option("--trust-tasks", help="Of a recording: run the code of its own tasks.")]
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
    improver_model: ImproverModel = None,
    task_model: TaskModel = None,
    base_url: BaseUrl = None,
    depth: Annotated[int | None, typer.Option(help="T: how often the improver is applied to itself.")] = None,
    repeats: Annotated[int | None, typer.Option(help="How often each task stands in D.")] = None,
    improver: Improver = None,
    accept: Annotated[str | None, typer.Option(help="paper: I_t is what came; better: only if it is.")] = None,
    model_calls: ModelCalls = None,
    responses: Responses = None,
    utility_calls: UtilityCalls = None,
    fidelity: Fidelity = None,
    probes: WithProbes = None,
    preset: Preset = None,
    max_time: MaxTime = None,
    max_calls: MaxCalls = None,
    max_tokens: MaxTokens = None,
    max_cost: MaxCost = None,
    max_output_tokens: MaxOutput = None,
    price: Price = None,
    seed: Seed = None,
    out: Out = None,
    sandbox: SandboxName = None,
    max_connections: Connections = None,
    temperature_policy: TemperaturePolicy = None,
    capability: Capability = None,
    requests_per_minute: RequestsPerMinute = None,
    tokens_per_minute: TokensPerMinute = None,
    timeout: Timeout = None,
    script: Script = None,
    config: ConfigFile = None,
    dry_run: DryRun = False,
    otel: Otel = False,
    otel_content: OtelContent = False,
    as_json: AsJson = False,
    runs: Runs = RUNS,
) -> None:
    """Improve the improver on TASKs: Algorithm 1, depth T."""
    from selftaught.cli import actions
    from selftaught.cli.otel import traced

    flags = {
        "kind": "run", "tasks": tasks, "model": model, "improver_model": improver_model, "task_model": task_model,
        "base_url": base_url, "depth": depth, "repeats": repeats,
        "improver": improver, "accept": accept, "model_calls": model_calls, "responses": responses,
        "utility_calls": utility_calls, "max_time_seconds": max_time, "seed": seed, "sandbox": sandbox,
        "max_connections": max_connections, "script": script, "fidelity": fidelity, "probes": probes,
        "max_calls": max_calls, "max_tokens": max_tokens, "max_cost": max_cost,
        "max_output_tokens": max_output_tokens, "price": price or None,
        "temperature_policy": temperature_policy, "capability": capability or None, "timeout_seconds": timeout,
        "requests_per_minute": requests_per_minute, "tokens_per_minute": tokens_per_minute,
    }  # fmt: skip
    with traced(otel, otel_content) as tracing:
        actions.start(flags, config, preset, out, runs, dry_run=dry_run, tracing=tracing, as_json=as_json)


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
    probes: WithProbes = None,
    preset: Preset = None,
    max_time: MaxTime = None,
    max_calls: MaxCalls = None,
    max_tokens: MaxTokens = None,
    max_cost: MaxCost = None,
    max_output_tokens: MaxOutput = None,
    price: Price = None,
    seed: Seed = None,
    out: Out = None,
    sandbox: SandboxName = None,
    max_connections: Connections = None,
    temperature_policy: TemperaturePolicy = None,
    capability: Capability = None,
    requests_per_minute: RequestsPerMinute = None,
    tokens_per_minute: TokensPerMinute = None,
    timeout: Timeout = None,
    script: Script = None,
    config: ConfigFile = None,
    dry_run: DryRun = False,
    otel: Otel = False,
    otel_content: OtelContent = False,
    as_json: AsJson = False,
    runs: Runs = RUNS,
) -> None:
    """Apply an improver once to a TASK's seed, or to --program; write the improved program."""
    from selftaught.cli import actions
    from selftaught.cli.otel import traced

    flags = {
        "kind": "improve", "tasks": [task], "program": str(program) if program else None, "model": model,
        "base_url": base_url, "improver": improver, "model_calls": model_calls, "responses": responses,
        "utility_calls": utility_calls, "max_time_seconds": max_time, "seed": seed, "sandbox": sandbox,
        "max_connections": max_connections, "script": script, "fidelity": fidelity, "probes": probes,
        "max_calls": max_calls, "max_tokens": max_tokens, "max_cost": max_cost,
        "max_output_tokens": max_output_tokens, "price": price or None,
        "temperature_policy": temperature_policy, "capability": capability or None, "timeout_seconds": timeout,
        "requests_per_minute": requests_per_minute, "tokens_per_minute": tokens_per_minute,
    }  # fmt: skip
    with traced(otel, otel_content) as tracing:
        actions.start(flags, config, preset, out, runs, dry_run=dry_run, tracing=tracing, as_json=as_json)


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
def probe(
    what: Annotated[str, typer.Argument(metavar="TASK|RUN", help="A task, and PROGRAM.py; or a run.")],
    program: Annotated[Path | None, typer.Argument(metavar="[PROGRAM.py]")] = None,
    fidelity: Fidelity = None,
    seed: Seed = None,
    sandbox: SandboxName = None,
    as_json: AsJson = False,
    runs: Runs = RUNS,
) -> None:
    """Look for reward hacks in a PROGRAM, or in all that a RUN reports. Exit code 1 if one is flagged."""
    from selftaught.cli import probe as probing

    probing.probe(what, program, seed, runs, fidelity=fidelity, sandbox=sandbox or "auto", as_json=as_json)


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
    from selftaught.cli import bound as bounding

    bounding.bound(task, instances, seed, fidelity=fidelity or "honest", sandbox=sandbox or "auto", as_json=as_json)


@app.command()
def resume(
    run: RunName = "last",
    max_time: MaxTime = None,
    max_calls: MaxCalls = None,
    max_tokens: MaxTokens = None,
    max_cost: MaxCost = None,
    price: Price = None,
    max_connections: Connections = None,
    temperature_policy: TemperaturePolicy = None,
    capability: Capability = None,
    requests_per_minute: RequestsPerMinute = None,
    tokens_per_minute: TokensPerMinute = None,
    timeout: Timeout = None,
    sandbox: SandboxName = None,
    otel: Otel = False,
    otel_content: OtelContent = False,
    as_json: AsJson = False,
    runs: Runs = RUNS,
) -> None:
    """Go on with a run that was stopped, at any point. No response on record is asked for twice."""
    from selftaught.cli import actions
    from selftaught.cli.otel import traced

    changed = {
        "max_time_seconds": max_time, "max_calls": max_calls, "max_tokens": max_tokens, "max_cost": max_cost,
        "price": price or None, "max_connections": max_connections,
        "temperature_policy": temperature_policy, "capability": capability or None, "timeout_seconds": timeout,
        "requests_per_minute": requests_per_minute, "tokens_per_minute": tokens_per_minute,
    }  # fmt: skip
    with traced(otel, otel_content) as tracing:
        actions.resume(run, runs, changed, sandbox, tracing=tracing, as_json=as_json)


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
    what: Annotated[str | None, typer.Option(help="best-improver, improver-N, solution-N, recording.")] = None,
    out: Annotated[Path | None, typer.Option(help="A file; stdout unless given.")] = None,
    runs: Runs = RUNS,
) -> None:
    """Print a program of a run (its best improver, I_N, the N-th solution that this made), or pack all of it."""
    from selftaught.cli import actions

    actions.export(run, runs, what, out)


@app.command()
def replay(
    run: Annotated[
        str, typer.Argument(help="last, a run's name or the start of it, its path, or a recording.")
    ] = "last",
    trust_tasks: Annotated[
        bool, typer.Option("--trust-tasks", help="Of a recording: run its own tasks' code.")
    ] = False,
    sandbox: SandboxName = None,
    as_json: AsJson = False,
    runs: Runs = RUNS,
) -> None:
    """Run it again with no model, sandbox and grading included; check that all comes out as recorded."""
    from selftaught.cli import actions

    raise typer.Exit(OK if actions.replay(run, runs, sandbox, trust_tasks=trust_tasks, as_json=as_json) else FAILURE)


@app.command()
def report(
    run: RunName = "last",
    out: Annotated[Path | None, typer.Option(help="A file; the run's report.html unless given.")] = None,
    runs: Runs = RUNS,
) -> None:
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


@app.command()
def experiment(
    name: Annotated[str, typer.Argument(help="curve, transfer, baselines, bypass, strategies or imp-at-k.")],
    what: Annotated[list[str] | None, typer.Argument(metavar="[TASK...]", help="Tasks; of strategies: runs.")] = None,
    models: Annotated[str | None, typer.Option(help="One or more, with commas between.")] = None,
    on: Annotated[str | None, typer.Option(help="Tasks to evaluate on, with commas between.")] = None,
    n: Annotated[int | None, typer.Option("--runs", help="Independent runs, each with its own instances.")] = None,
    depth: Annotated[int | None, typer.Option(help="T; of imp-at-k: k.")] = None,
    copies: Annotated[int | None, typer.Option(help="How often each task stands in D.")] = None,
    improver: Improver = None,
    improvers: Annotated[
        str | None,
        typer.Option(
            help="Those that baselines compares, with commas between; +NAME: added to those that come with it."
        ),
    ] = None,
    against: Annotated[str | None, typer.Option(help="The improver that baselines compares the others with.")] = None,
    effect: Annotated[float | None, typer.Option(help="The difference to tell needed repeats for; 0.03.")] = None,
    proposals: Annotated[int | None, typer.Option(help="N of bypass, for each model and variant.")] = None,
    accept: Annotated[str | None, typer.Option(help="paper or better, as of `run`.")] = None,
    fidelity: Fidelity = None,
    probes: WithProbes = None,
    model_calls: ModelCalls = None,
    responses: Responses = None,
    utility_calls: UtilityCalls = None,
    base_url: BaseUrl = None,
    script: Script = None,
    max_time: MaxTime = None,
    max_calls: MaxCalls = None,
    max_tokens: MaxTokens = None,
    max_cost: MaxCost = None,
    max_output_tokens: MaxOutput = None,
    price: Price = None,
    temperature_policy: TemperaturePolicy = None,
    capability: Capability = None,
    label_with: Annotated[str | None, typer.Option(help="A model that labels strategies instead of the rules.")] = None,
    max_connections: Connections = None,
    requests_per_minute: RequestsPerMinute = None,
    tokens_per_minute: TokensPerMinute = None,
    timeout: Timeout = None,
    seed: Seed = None,
    sandbox: SandboxName = None,
    out: Annotated[Path | None, typer.Option(help="Its folder; one that is there is gone on with.")] = None,
    otel: Otel = False,
    otel_content: OtelContent = False,
    as_json: AsJson = False,
    folder: Annotated[Path, typer.Option("--runs-folder", help="The folder that holds runs.")] = RUNS,
) -> None:
    """Regenerate a table or figure of the paper, on screen and as CSV, JSON and SVG. It can be stopped and go on."""
    from selftaught.cli import experiment as experiments
    from selftaught.cli.otel import traced
    from selftaught.core.money import Caps

    def several(text: str | None) -> list[str] | None:
        return [part.strip() for part in text.split(",") if part.strip()] if text is not None else None

    flags = {
        "models": several(models), "on": several(on), "runs": n, "depth": depth, "copies": copies,
        "improver": improver, "improvers": several(improvers), "against": against, "effect": effect,
        "proposals": proposals, "accept": accept, "fidelity": fidelity, "probes": probes,
        "model_calls": model_calls, "responses": responses, "utility_calls": utility_calls,
        "base_url": base_url, "script": script, "max_output_tokens": max_output_tokens, "price": price or None,
        "temperature_policy": temperature_policy, "capability": capability or None,
        "max_connections": max_connections, "requests_per_minute": requests_per_minute,
        "tokens_per_minute": tokens_per_minute, "timeout_seconds": timeout, "seed": seed,
    }  # fmt: skip
    caps = Caps(max_calls, max_tokens, max_cost)
    with traced(otel, otel_content) as tracing:
        experiments.experiment(
            name, what or [], flags, caps, max_time, label_with, sandbox, out, folder, tracing=tracing, as_json=as_json
        )


def main() -> None:
    """Run one command; turn our errors into one line and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal without Unicode is no reason to fail
    try:
        app(prog_name="selftaught")
        sys.stdout.flush()
    except KeyboardInterrupt:  # before a command has begun, or where nothing needs to be stopped
        sys.exit(INTERRUPTED)
    except SelfTaughtError as error:
        if _state["verbose"]:
            import traceback

            traceback.print_exc()
        print(f"selftaught: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(exit_code(error))
    except ImportError as error:
        if _state["verbose"]:
            raise
        name = broken_package(error)
        said = " ".join(str(error).split())[:200]
        advice = f"reinstall it (pip install --force-reinstall {name})"
        print(f"selftaught: {name} does not import ({said}): {advice}", file=sys.stderr)
        sys.exit(NO_SANDBOX if name in ("numpy", "msgspec") else FAILURE)  # the sandbox stands on these two
    except BrokenPipeError:  # `selftaught show | head`
        sys.stderr.close()
        sys.exit(FAILURE)
    except OSError as error:
        if error.errno != errno.ENOSPC or _state["verbose"]:
            raise
        print("selftaught: cannot write the output: no space left", file=sys.stderr)
        os._exit(FAILURE)  # what is still to be written cannot be
