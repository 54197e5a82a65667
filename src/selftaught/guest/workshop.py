"""Runs a job in the workshop: an evaluator on a program, or commands in a copy of a repository. Standard library only.

The host writes one JSON object to stdin. This process locks itself in, does the work in children of its own, whose
output goes into files of the scratch folder, and answers with one JSON object on what was its stdout.
"""

from __future__ import annotations  # the Python of a repository may be an older one

import contextlib
import importlib.util
import json
import math
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
import traceback
import types
from typing import Any

_TAIL_BYTES = 4000
_MOST_ARTIFACTS, _MOST_TEXT = 20, 4000


def main() -> None:
    """Read the job, do it, answer."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [path for path in sys.path if path != here]  # what lies here is no module of an evaluator's
    job = json.loads(sys.stdin.buffer.read())
    answers = os.dup(1)
    null = os.open("/dev/null", os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    try:
        _lock(job)
    except OSError:
        os._exit(97)  # nothing untrusted was run
    work = _check if job["mode"] == "check" else _evaluate
    body = json.dumps(work(job)).encode()
    while body:
        body = body[os.write(answers, body) :]


def _lock(job: dict[str, Any]) -> None:
    """No privilege, no more than its limits, no system call that an honest program can do without."""
    lock = _module("_selftaught_lock", os.path.join(os.path.dirname(os.path.abspath(__file__)), "lock.py"), {})
    user, filter_ = job["user"], bytes.fromhex(job["filter"])
    if user is not None:
        os.chown(job["scratch"], user, user)
        lock.drop_user(user)
    limits = [(resource.RLIMIT_CORE, 0), (resource.RLIMIT_NOFILE, 512), (resource.RLIMIT_CPU, job["cpu_seconds"])]
    limits += [(resource.RLIMIT_FSIZE, job["file_bytes"])]
    limits += [(resource.RLIMIT_NPROC, job["processes"])] if job["processes"] else []
    limits += [(resource.RLIMIT_AS, job["address_space"])] if job["address_space"] else []
    for what, most in limits:
        resource.setrlimit(what, (most, most))
    lock.no_new_privileges()
    if filter_:
        lock.seccomp(filter_)
    os.chdir(job["scratch"])
    for name in ("tmp", "home"):
        os.makedirs(name, exist_ok=True)


# ------------------------------------------------------------------------------------------------ evaluate(path)


def _evaluate(job: dict[str, Any]) -> dict[str, Any]:
    path = os.path.join(job["scratch"], f"program{job['suffix']}")
    with open(path, "w", encoding="utf-8", errors="surrogatepass") as file:
        file.write(job["program"])
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ours)
        _in_child(job, path, theirs)
    os.close(theirs)
    told = _read_until(ours, time.monotonic() + job["wall_seconds"], job["most_bytes"])
    timed_out = told is None
    if timed_out:
        os.kill(child, signal.SIGKILL)
    _, status, usage = os.wait4(child, 0)
    answer: dict[str, Any] = {"error": "", "cpu_seconds": usage.ru_utime + usage.ru_stime, "timed_out": timed_out}
    answer |= {"stdout": _tail("stdout"), "stderr": _tail("stderr")}
    if timed_out:
        return answer
    try:
        return answer | (json.loads(told) if told else {"error": _ended(status)})
    except ValueError:
        return answer | {"error": "its result is no JSON"}


def _in_child(job: dict[str, Any], path: str, results: int) -> None:
    try:
        os.setsid()
        for descriptor, name in ((1, "stdout"), (2, "stderr")):
            file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(file, descriptor)
        _result_class()
        sys.path[:0] = [job["folder"]]
        sys.argv = [job["evaluator"], path]
        evaluator = _load(job)
        told = _in_stages(evaluator, path, job["thresholds"])
        body = json.dumps(told, default=str).encode()
    except BaseException as error:  # the evaluator's own: SystemExit, too
        last = traceback.extract_tb(error.__traceback__)[-1:]
        last = [frame for frame in last if frame.filename != __file__]  # a line of ours tells nobody anything
        where = f" ({os.path.basename(last[0].filename)}, line {last[0].lineno})" if last else ""
        traceback.print_exc()
        body = json.dumps({"error": f"{type(error).__name__}: {str(error)[:500]}{where}"}).encode()
    sys.stdout.flush()
    sys.stderr.flush()
    body += b"\n"
    while body:
        body = body[os.write(results, body) :]
    os._exit(0)


def _load(job: dict[str, Any]) -> Any:
    names = {"FOLDER": job["folder"], **({"LEVEL": job["level"]} if job["level"] else {})}
    return _module("evaluator", os.path.join(job["folder"], job["evaluator"]), names)


def _module(name: str, file: str, names: dict[str, Any]) -> Any:
    """The module in a file, which finds these names in it already."""
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    vars(module).update(names)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _in_stages(evaluator: types.ModuleType, path: str, thresholds: list[float]) -> dict[str, Any]:
    """`evaluate`, or its stages one by one while each reaches its threshold."""
    metrics: dict[str, float] = {}
    artifacts: dict[str, str] = {}
    stages = [f"evaluate_stage{number}" for number in (1, 2, 3) if hasattr(evaluator, f"evaluate_stage{number}")]
    for place, name in enumerate(stages if thresholds and stages else ["evaluate"]):
        more, words = _read(getattr(evaluator, name)(path))
        metrics, artifacts = {**metrics, **more}, {**artifacts, **words}
        if place < len(thresholds) and place + 1 < len(stages) and _combined(more) < thresholds[place]:
            artifacts["stage"] = f"{name} gave {_combined(more):g}; the next stage wants {thresholds[place]:g}"
            break
    return {"metrics": metrics, "score": _combined(metrics), "artifacts": artifacts}


def _read(result: Any) -> tuple[dict[str, float], dict[str, str]]:
    """The numbers and the texts of what an evaluator gave. Raises TypeError for what holds no number."""
    metrics, artifacts = result, getattr(result, "artifacts", None) or {}
    if hasattr(result, "metrics"):
        metrics = result.metrics
    if not isinstance(metrics, dict):
        metrics = {"score": metrics}
    numbers = {str(name): float(value) for name, value in metrics.items() if _is_number(value)}
    texts = {str(name): str(value) for name, value in {**metrics, **artifacts}.items() if name not in numbers}
    if not numbers:
        raise TypeError(f"evaluate gave {repr(result)[:100]}; wanted a finite number, or a dict with one as score")
    return numbers, {name[:100]: text[:_MOST_TEXT] for name, text in list(texts.items())[:_MOST_ARTIFACTS]}


def _is_number(value: Any) -> bool:
    try:
        return not isinstance(value, (str, bytes)) and math.isfinite(float(value))
    except (TypeError, ValueError, OverflowError):
        return False


def _combined(metrics: dict[str, float]) -> float:
    """The one number that counts: `score` or `combined_score`, else the mean of all."""
    for name in ("combined_score", "score"):
        if name in metrics:
            return metrics[name]
    return sum(metrics.values()) / len(metrics)


def _result_class() -> None:
    """`from openevolve.evaluation_result import EvaluationResult` works without the package."""
    if importlib.util.find_spec("openevolve") is not None:
        return

    class EvaluationResult:
        def __init__(self, metrics: dict[str, Any], artifacts: dict[str, Any] | None = None) -> None:
            self.metrics, self.artifacts = metrics, artifacts or {}

    package, module = types.ModuleType("openevolve"), types.ModuleType("openevolve.evaluation_result")
    package.__path__ = []
    vars(module)["EvaluationResult"] = vars(package)["EvaluationResult"] = EvaluationResult
    vars(package)["evaluation_result"] = module
    sys.modules |= {"openevolve": package, "openevolve.evaluation_result": module}


def _read_until(descriptor: int, deadline: float, most: int) -> bytes | None:
    """All that is written there until its end, or a line's; None if that does not come in time, or is too much."""
    import select

    parts = b""
    while (left := deadline - time.monotonic()) > 0 and len(parts) <= most:
        if select.select([descriptor], [], [], left)[0]:
            part = os.read(descriptor, 1 << 16)
            if not part:
                return parts
            parts += part
            if parts.endswith(b"\n"):  # what it forked may hold the pipe open
                return parts
    return None


def _ended(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"the evaluation ended with exit code {code}" if code >= 0 else f"the evaluation died of signal {-code}"


# ------------------------------------------------------------------------------------------------ commands in a copy


def _check(job: dict[str, Any]) -> dict[str, Any]:
    """The check in two copies in turn, before and after: CPU time of each, until one fails."""
    trees = {"before": job["before"], "after": job["program"]}
    for name, text in trees.items():
        shutil.copytree(job["folder"], name, symlinks=True)
        _make_writable(name)
        place = os.path.join(name, job["place"])
        with open(place, "wb") as file:
            file.write(text.encode("utf-8", "surrogatepass"))
    pairs: list[list[float]] = []
    for _ in range(job["repeats"]):
        pair = []
        for name in ("before", "after") if not job["score"] else ("after",):
            status, cpu_seconds, timed_out = _run(job["check"], name, job["wall_seconds"])
            if status != 0 or timed_out:
                told = "took too long" if timed_out else f"failed with exit code {status}"
                words = "the check of the original" if name == "before" else "the check"
                return _outcome(f"{words} {told}", pairs, timed_out, original=name == "before")
            pair.append(cpu_seconds)
        if job["score"]:
            status, _, timed_out = _run(job["score"], "after", job["wall_seconds"])
            lines = _tail("stdout").strip().splitlines()
            if status != 0 or timed_out or not lines or not _is_number_text(lines[-1]):
                return _outcome("the command for the score gave no number in its last line", pairs, timed_out)
            pair = [float(lines[-1])]
        pairs.append(pair)
    return _outcome("", pairs, False)


def _outcome(error: str, pairs: list[list[float]], timed_out: bool, original: bool = False) -> dict[str, Any]:
    used = sum(pair[-1] for pair in pairs)
    told = {"error": error, "pairs": pairs, "timed_out": timed_out, "original": original, "cpu_seconds": used}
    return told | {"stdout": _tail("stdout"), "stderr": _tail("stderr")}


def _is_number_text(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _make_writable(folder: str) -> None:
    for parent, _, files in os.walk(folder):
        os.chmod(parent, 0o755)
        for file in files:
            if not os.path.islink(os.path.join(parent, file)):
                mode = os.stat(os.path.join(parent, file)).st_mode
                os.chmod(os.path.join(parent, file), mode | 0o600)


def _run(command: str, folder: str, wall_seconds: float) -> tuple[int, float, bool]:
    """Exit code, CPU seconds with all that it waited for, and whether it was stopped for its time."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with open("stdout", "wb") as out, open("stderr", "wb") as err:
        here = os.path.abspath(folder)  # an installed package of the repository is the copy
        process = subprocess.Popen(
            ["/bin/sh", "-c", command],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": f"{here}/src:{here}"},
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
        try:
            process.wait(wall_seconds)
            timed_out = False
        except subprocess.TimeoutExpired:
            timed_out = True
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return process.returncode, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, timed_out


def _tail(name: str) -> str:
    try:
        with open(name, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL_BYTES))
            return file.read(_TAIL_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


if __name__ == "__main__":
    main()
