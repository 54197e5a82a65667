"""What Phoenix and MLflow show of a run: `python benchmarks/platforms.py [--folder F] [--pictures docs/pictures]`.

Installs both from PyPI, each into an environment of its own below the folder, starts them, and sends them one run that
is capped, resumed and finished, and one of the algorithm on itself, with a server that is busy, programs that crash and
one that never ends. Then asks each platform what it has, by its own client, runs the snippets of docs/monitoring.md,
and fails where something is not shown. `--pictures` takes the pictures of that page (with Debian's chromium, driven by
Playwright from PyPI), and draws what each platform answers of one run (NAME-run.svg; docs/ has a copy). It needs the
network once, some 2 GB, and a few minutes.
"""

import argparse
import itertools
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from waterfall import Bar, drawn

from selftaught.runs.records import Answered, Scored
from selftaught.runs.store import Store

PAGE = Path(__file__).parents[1] / "docs" / "monitoring.md"
TASK = '''"""Sort a list of integers, ascending. Write algorithm(numbers), which returns the sorted list."""
SEED = "def algorithm(numbers):\\n    return numbers\\n"
CPU_SECONDS = 0.2
def instances(rng, split):
    for _ in range(5):
        yield ([rng.randint(0, 99) for _ in range(rng.randint(2, 30))],), None
def grade(instance, answer):
    (numbers,), _ = instance
    return float(answer == sorted(numbers))
'''
BODIES = (
    "return numbers[::-1]", "raise ValueError('no idea')", "return sorted(numbers[:9]) + numbers[9:]",
    "while True: pass",    "return sorted(numbers, reverse=True)", "return sorted(numbers)",
)  # fmt: skip
FLAGS = ("--model", "openai/gpt-4.1-mini", "--preset", "quick", "--capability", "n=no", "--otel-content")


class Model(BaseHTTPRequestHandler):
    """OpenAI's wire format. Two requests of the second run are too many; else programs, better and worse in turn."""

    protocol_version = "HTTP/1.1"
    numbers = itertools.count()

    def log_message(self, format: str, *args: object) -> None:
        return

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        number = next(self.numbers)
        if number in (8, 9):
            return self._send(429, {"error": {"message": "slow down"}})
        time.sleep(0.3 + 0.1 * (number % 5))
        text = f"An idea.\n\n```python\ndef algorithm(numbers):\n    {BODIES[number % len(BODIES)]}\n```\n"
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
        usage = {"prompt_tokens": 900, "completion_tokens": 300, "prompt_tokens_details": {"cached_tokens": 100}}
        return self._send(
            200, {"id": f"chatcmpl-{number}", "model": "gpt-4.1-mini", "choices": [choice], "usage": usage}
        )

    def _send(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("retry-after", "1")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@dataclass
class Expected:
    """What the records of the runs say that a platform should show."""

    sessions: int = 2
    traces: int = 3
    calls: int = 0
    seconds: list[float] = field(default_factory=list)
    evaluations: int = 0
    failed: int = 0

    def add(self, folder: Path) -> None:
        store = Store.open(folder / "run.sqlite", writable=False)
        for record in store:
            if isinstance(record, Answered):
                self.calls += 1
                self.seconds.append(record.seconds)
            elif isinstance(record, Scored) and not record.reused:
                self.evaluations += 1
                self.failed += record.verdict != "ok"
        store.close()


@dataclass(frozen=True)
class Platform:
    """`ask` is a program for its own client: prints JSON, {"spans": […], "sessions": n, …}.

    `forget`: deletes what it has, where its server takes long over its very first spans: a run waits a few seconds for
    them, and not more, and so one is made for nothing.
    """

    name: str
    package: str
    serve: tuple[str, ...]
    health: str
    documented_port: int
    environment: dict[str, str]
    ask: str
    forget: str = ""


PHOENIX = Platform(
    "phoenix", "arize-phoenix", ("phoenix", "serve"), "/healthz", 6006,
    {"OTEL_RESOURCE_ATTRIBUTES": "openinference.project.name=selftaught"},
    """
import json
from phoenix.client import Client
client = Client(base_url=URL)
spans = client.spans.get_spans(project_identifier="selftaught", limit=1000)
noted = client.spans.get_span_annotations(spans=spans, project_identifier="selftaught")
print(json.dumps({
    "sessions": len(client.sessions.list(project_name="selftaught")),
    "annotations": len(noted),
    "spans": [{
        "name": s["name"], "kind": s["span_kind"], "status": s["status_code"], "trace": s["context"]["trace_id"],
        "root": s["parent_id"] is None, "message": s["status_message"], "events": [e["name"] for e in s["events"]],
        "seconds": (datetime(s["end_time"]) - datetime(s["start_time"])).total_seconds(),
        "input": s["attributes"].get("input.value") or s["attributes"].get("llm.input_messages.1.message.content"),
        "output": s["attributes"].get("llm.output_messages.0.message.content") or s["attributes"].get("output.value"),
        "tokens": s["attributes"].get("llm.token_count.total"), "span": s["context"]["span_id"],
        "parent": s["parent_id"], "start": datetime(s["start_time"]).timestamp(),
    } for s in spans],
}))
""".replace("import json\n", "import json\nfrom datetime import datetime as _d\ndatetime = _d.fromisoformat\n", 1),
)  # fmt: skip
MLFLOW = Platform(
    "mlflow", "mlflow", ("mlflow", "server", "--host", "127.0.0.1", "--workers", "1"), "/health", 5000,
    {"OTEL_EXPORTER_OTLP_HEADERS": "x-mlflow-experiment-id=0"},
    """
import json, mlflow
mlflow.set_tracking_uri(URL)
traces = mlflow.search_traces(locations=["0"], return_type="list")
print(json.dumps({
    "sessions": len({t.info.trace_metadata.get("mlflow.trace.session") for t in traces}),
    "annotations": sum(len(t.info.assessments) for t in traces),
    "cost": sum((t.info.cost or {}).get("total_cost", 0) for t in traces),
    "previews": [[t.info.request_preview, t.info.response_preview, str(t.info.state)] for t in traces],
    "spans": [{
        "name": s.name, "kind": {"CHAT_MODEL": "LLM"}.get(s.span_type, s.span_type),
        "status": s.status.status_code.value, "trace": t.info.trace_id,
        "root": s.parent_id is None, "message": s.status.description, "events": [e.name for e in s.events],
        "seconds": (s.end_time_ns - s.start_time_ns) / 1e9, "input": s.inputs, "output": s.outputs,
        "tokens": (s.attributes.get("mlflow.chat.tokenUsage") or {}).get("total_tokens"), "span": s.span_id,
        "parent": s.parent_id, "start": s.start_time_ns / 1e9,
    } for t in traces for s in t.data.spans],
}))
""",
    """
import mlflow
mlflow.set_tracking_uri(URL)
ids = [trace.info.trace_id for trace in mlflow.search_traces(locations=["0"], return_type="list")]
mlflow.MlflowClient().delete_traces(experiment_id="0", trace_ids=ids)
""",
)  # fmt: skip


def main() -> None:
    """Both platforms, or one; exit code 1 where something is not shown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("/tmp/selftaught-platforms"))
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--only", choices=["phoenix", "mlflow"])
    given = parser.parse_args()
    folder = given.folder.absolute()
    faults = []
    for platform in (PHOENIX, MLFLOW):
        if given.only in (None, platform.name):
            faults += [f"{platform.name}: {fault}" for fault in tried(platform, folder, given.pictures)]
    print("\n".join(faults) or "all of it is shown")
    sys.exit(bool(faults))


def tried(platform: Platform, folder: Path, pictures: Path | None) -> list[str]:
    """What the platform does not show of the runs."""
    python = installed(platform.name, platform.package, folder)
    with serving(platform, folder) as url:
        expected = runs(platform, url, folder)
        for snippet in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL):
            if platform.name in snippet:
                asked(python, snippet.replace(f"http://localhost:{platform.documented_port}", url))
        shown = settled(python, platform.ask.replace("URL", repr(url)), expected)
        if pictures is not None:
            draw(platform.name, shown["spans"], pictures)
            photographed(platform, url, shown, folder, pictures)
        return list(missing(shown, expected))


def missing(shown: dict[str, Any], expected: Expected) -> Iterator[str]:
    """Each thing that a platform's user would look for and not find."""
    spans = shown["spans"]
    kinds = {kind: [span for span in spans if span["kind"] == kind] for kind in ("LLM", "AGENT", "EVALUATOR", "CHAIN")}
    roots = [span for span in spans if span["root"]]
    print({kind: len(of_kind) for kind, of_kind in kinds.items()}, {k: v for k, v in shown.items() if k != "spans"})
    facts = {
        "sessions": (shown["sessions"], expected.sessions),
        "traces": (len({span["trace"] for span in spans}), expected.traces),
        "spans of an unknown kind": (len(spans) - sum(map(len, kinds.values())), 0),
        "model calls": (len(kinds["LLM"]), expected.calls),
        "evaluations": (len(kinds["EVALUATOR"]), expected.evaluations),
        "failed evaluations": (sum(span["status"] == "ERROR" for span in kinds["EVALUATOR"]), expected.failed),
        "failed evaluations without a reason": (
            sum(span["status"] == "ERROR" and not span["message"] for span in kinds["EVALUATOR"]), 0,
        ),
        "scores as annotations": (shown["annotations"], expected.evaluations),
        "failed attempts": (sum(span["events"].count("selftaught.attempt_failed") for span in kinds["LLM"]), 2),
        "model calls without prompt or response": (
            sum(not ("Improve this" in str(span["input"]) and "idea" in str(span["output"])) for span in kinds["LLM"]),
            0,
        ),
        "model calls without tokens": (sum(span["tokens"] != 1200 for span in kinds["LLM"]), 0),
        "seconds of model calls": (
            [round(span, 2) for span in sorted(one["seconds"] for one in kinds["LLM"])],
            [round(seconds, 2) for seconds in sorted(expected.seconds)],
        ),
        "roots without input or output": (sum(not (span["input"] and span["output"]) for span in roots), 0),
        "names of runs": (sorted({span["name"] for span in roots}),
                          ["invoke_workflow capped (improve)", "invoke_workflow whole (run)"]),
    }  # fmt: skip
    if "cost" in shown:
        facts["cost"] = (shown["cost"] > 0, True)
    for what, (got, wanted) in facts.items():
        if got != wanted:
            yield f"{what}: {got}, and not {wanted}"


def runs(platform: Platform, url: str, folder: Path) -> Expected:
    """One run that is capped and resumed, and one of the algorithm on itself; what they have on record."""
    where = folder / f"{platform.name}-runs"
    shutil.rmtree(where, ignore_errors=True)
    where.mkdir(parents=True)
    (where / "sorting.py").write_text(TASK)
    Model.numbers = itertools.count()
    with ThreadingHTTPServer(("127.0.0.1", 0), Model) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        base = ("--base-url", f"http://127.0.0.1:{server.server_port}/v1")
        told = {**platform.environment, "OTEL_EXPORTER_OTLP_ENDPOINT": url}
        if platform.forget:
            selftaught(where, told, "improve", "sorting.py", *base, *FLAGS, "--out", "first", may_warn=True)
            asked(installed(platform.name, platform.package, folder), platform.forget.replace("URL", repr(url)))
            Model.numbers = itertools.count()
        selftaught(where, told, "improve", "sorting.py", *base, *FLAGS, "--responses", "6", "--utility-calls", "7",
                   "--out", "capped", "--max-calls", "4", code=3)  # fmt: skip
        selftaught(where, told, "resume", "capped", "--max-calls", "100", "--otel-content")
        selftaught(where, told, "run", "sorting.py", *base, *FLAGS, "--depth", "1", "--out", "whole")
        server.shutdown()
    expected = Expected()
    expected.add(where / "capped")
    expected.add(where / "whole")
    return expected


def selftaught(where: Path, told: dict[str, str], *arguments: str, code: int = 0, may_warn: bool = False) -> None:
    """The command; what it warns of is an error here, unless it may."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    done = subprocess.run(
        [sys.executable, "-m", "selftaught", *arguments], cwd=where, capture_output=True, text=True, check=False,
        env={**environment, "OPENAI_API_KEY": "sk-not-a-key", **told},
    )  # fmt: skip
    if done.returncode != code or ("warning" in done.stderr and not may_warn):
        sys.exit(f"selftaught {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}")


def installed(name: str, package: str, folder: Path) -> Path:
    """The interpreter of an environment of its own, with the package from PyPI."""
    environment = folder / name
    python = environment / "bin" / "python"
    if not (environment / "installed").exists():
        print(f"installing {package} into {environment}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", environment], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", package], check=True)
        (environment / "installed").touch()
    return python


@contextmanager
def serving(platform: Platform, folder: Path) -> Iterator[str]:
    """The platform's server, with an empty store, while the block lasts; its URL."""
    store = folder / f"{platform.name}-store"
    shutil.rmtree(store, ignore_errors=True)
    store.mkdir(parents=True)
    port, other = free_port(), free_port()
    url = f"http://127.0.0.1:{port}"
    more = ("--port", str(port), "--backend-store-uri", f"sqlite:///{store}/store.db") if platform is MLFLOW else ()
    environment = {
        "PHOENIX_WORKING_DIR": str(store), "PHOENIX_PORT": str(port), "PHOENIX_GRPC_PORT": str(other),
        "PHOENIX_TELEMETRY_ENABLED": "false", "MLFLOW_DISABLE_TELEMETRY": "true",
        # Its runners of jobs, which traces need none of, take a small machine's time just when the first run ends.
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }  # fmt: skip
    with (store / "log").open("w") as log:
        server = subprocess.Popen(
            [folder / platform.name / "bin" / platform.serve[0], *platform.serve[1:], *more],
            stdout=log, stderr=log, env={**os.environ, **environment}, process_group=0,
            cwd=store,  # MLflow puts what it was sent beside itself
        )  # fmt: skip
        try:
            awaited(url + platform.health, server, 300)
            yield url
        finally:
            with suppress(ProcessLookupError):
                os.killpg(server.pid, 15)
            server.wait()


def free_port() -> int:
    """One that nobody listens at now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def awaited(url: str, server: "subprocess.Popen[bytes]", seconds: float) -> None:
    """Until it answers."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and server.poll() is None:
        with suppress(OSError), urllib.request.urlopen(url, timeout=5):
            return
        time.sleep(0.5)
    sys.exit(f"nothing answers at {url}")


def asked(python: Path, code: str) -> str:
    """What the code prints, in that environment."""
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{code}\nfailed:\n{done.stderr}")
    return done.stdout


def settled(python: Path, code: str, expected: Expected) -> dict[str, Any]:
    """What the platform has, once it has taken in all; platforms store in the background."""
    for _ in range(20):
        shown: dict[str, Any] = json.loads(asked(python, code).splitlines()[-1])
        if sum(span["kind"] == "LLM" for span in shown["spans"]) >= expected.calls and shown["annotations"]:
            break
        time.sleep(1)
    return shown


def draw(name: str, spans: list[dict[str, Any]], pictures: Path) -> None:
    """A waterfall of the run of the algorithm, from what the platform answers."""
    pictures.mkdir(parents=True, exist_ok=True)
    (root,) = (span for span in spans if span["root"] and "(run)" in span["name"])
    of = [span for span in spans if span["trace"] == root["trace"]]
    title = f"What {'Phoenix' if name == 'phoenix' else 'MLflow'} has of one run: {len(of)} spans"
    drawn(title, list(bars(root, of, 0)), pictures / f"{name}-run.svg")


def bars(span: dict[str, Any], spans: list[dict[str, Any]], depth: int) -> Iterator[Bar]:
    """A span, and those in it, in the order in which they began."""
    failed = span["status"] == "ERROR"
    known = (f"{span['seconds']:.2f} s", f"{span['tokens']} tokens" if span["kind"] == "LLM" else "", span["message"])
    said = ", ".join(str(one).splitlines()[0][:60] for one in known if one)
    yield Bar(span["name"], span["kind"], span["start"], span["seconds"], depth, failed, said)
    for inner in sorted((one for one in spans if one["parent"] == span["span"]), key=lambda one: one["start"]):
        yield from bars(inner, spans, depth + 1)


def photographed(platform: Platform, url: str, shown: dict[str, Any], folder: Path, pictures: Path) -> None:
    """The pictures of the page on monitoring."""
    python = installed("browser", "playwright", folder)
    pictures.mkdir(parents=True, exist_ok=True)
    (folder / "spans.json").write_text(json.dumps(shown["spans"]))
    shutil.rmtree(folder / "profile", ignore_errors=True)
    script = Path(__file__).with_name("pictures_of_platforms.py")
    subprocess.run([python, script, platform.name, url, folder, pictures.absolute()], check=True)


if __name__ == "__main__":
    main()
