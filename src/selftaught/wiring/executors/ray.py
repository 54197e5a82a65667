"""All that is known of Ray: joining or starting a cluster, its nodes, one process of ours on each, bytes to and fro.

Ray is imported when a cluster is opened, and not before. It reads its own variables (RAY_ADDRESS, RAY_AUTH_MODE,
RAY_AUTH_TOKEN): which cluster, and its token. What it would print or report of itself is switched off.
"""

import importlib
import json
import logging
import os
import re
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from selftaught.core.errors import NoSandbox, UsageError
from selftaught.wiring.executors.node import Node

_LOG = logging.getLogger("selftaught.cluster")
_CONNECT_SECONDS = 5.0
_HEAD_SECONDS = 20.0
_GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
"""Of a client of HTTP/2, which Ray speaks, with no settings of its own (RFC 9113, 3.4)."""
_KIND_OF_FRAME = re.compile(rb"...\x04.{5}", re.DOTALL)
"""The server's answer begins with its settings, a frame of kind 4."""
_UNIMPLEMENTED = 12
"""The head's question is not known where it was asked: at another of Ray's many ports."""
_ADVICE = (
    "start one with `ray start --head`, or see `ray status` for its address. Without an address one is started on this "
    "machine"
)
_STORE_BYTES = 80 << 20
"""Of the object store of a cluster that is started here, near the least that Ray takes: packets are small."""
_ADDRESS = re.compile(r"[^/\s]+:[0-9]{1,5}")
_HIGHEST_PORT = 65535
_QUIET = {"log_to_driver": False, "logging_level": logging.ERROR}
_PIECE_BYTES = 64 << 10
"""Ray puts an argument beyond 100 KiB into its object store, which costs 4 ms of CPU; smaller ones go with the call."""
_MOST_PIECES = 64
"""Beyond that the object store is the better way."""
_NO_OTHER_MACHINES = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"
"""At 0 Ray listens on the loopback alone, as it does where it knows no clusters of several machines. Read at import."""
_STDERR = 2
_LISTEN_SECONDS = 5.0
"""How often a thread that waits for an answer looks whether the cluster's head was given up."""
_CONTROLS = 4
"""Calls that are answered beside those that compute."""


class Lost(Exception):
    """A node, our process there, or the cluster does not answer any more; or never did."""


@dataclass(frozen=True)
class Place:
    """A node of the cluster that is alive. `free`: of its CPUs, those that nobody has reserved."""

    id: str
    name: str
    cpus: int
    free: int


class Remote:
    """Our process on one node. Called from several threads at once."""

    def __init__(self, ray: Any, actor: Any, cpus: int) -> None:
        self._ray, self._actor, self.cpus = ray, actor, cpus
        self._left = False
        self._question: Any = None

    def ask(self, what: str, body: bytes, seconds: float | None = None) -> bytes:
        """What the method `what` of our process answers. Raises Lost."""
        method = getattr(self._actor, what)
        with _told_as_lost(self._ray):
            answer = method.remote(*_pieces(body))
            while seconds is None:
                with suppress(self._ray.exceptions.GetTimeoutError):
                    return bytes(self._ray.get(answer, timeout=_LISTEN_SECONDS))
                if self._left:
                    raise Lost("the cluster was given up")
            return bytes(self._ray.get(answer, timeout=seconds))

    def leave(self) -> None:
        """Nobody can end it any more: who waits for it waits no longer, and gets the error that it is lost."""
        self._left = True

    def tell(self, what: str, number: int) -> None:
        """The same, not waiting for it, and before what computes. Raises Lost."""
        with _told_as_lost(self._ray):
            getattr(self._actor, what).options(concurrency_group="control").remote(number)

    def heard(self) -> bool:
        """Whether it has answered what this asked it last; then it is asked anew. Does not wait. Raises Lost."""
        with _told_as_lost(self._ray):
            if self._question is not None:
                answered, _ = self._ray.wait([self._question], timeout=0)
                if not answered:
                    return False
                self._ray.get(answered[0])
            self._question = self._actor.alive.options(concurrency_group="control").remote()
            return True

    def kill(self) -> None:
        """End it at once, with all its guests. Threads that wait for it get the error that it is lost."""
        with suppress(Exception):
            self._ray.kill(self._actor, no_restart=True)


class Ray:
    """A cluster: the one at `address`, or the one that this machine is in, or else one that is started here.

    Raises UsageError where Ray is not installed, or there is no cluster at the address.
    """

    ours = False
    """Whether the connection was made here: else the caller had it already, and keeps it."""
    folder = ""
    """Of a cluster that was started here."""
    _lock = threading.Lock()
    _users = 0

    def __init__(self, address: str | None = None) -> None:
        with Ray._lock:
            with _kept_handlers():
                self._ray = _connected(address)
            _hush()
            Ray._users += 1

    def close(self) -> None:
        """Let go of the cluster, which ends one that was started here."""
        with Ray._lock:
            Ray._users -= 1
            if not Ray._users:
                with _kept_handlers():
                    _ended(self._ray)

    def places(self) -> list[Place]:
        """The nodes that are alive and have CPUs. Raises Lost."""
        with _told_as_lost(self._ray):
            free = _free_cpus()
            return [
                Place(
                    node["NodeID"],
                    f"{node['NodeManagerHostname']} ({node['NodeID'][:8]})",
                    cpus,
                    min(cpus, int(free.get(node["NodeID"], cpus))),
                )
                for node in self._ray.nodes()
                if node["Alive"] and (cpus := int(node["Resources"].get("CPU", 0)))
            ]

    def start(self, place: Place) -> Remote:
        """Our process on that very node, with its free CPUs; once, and nowhere else. Raises Lost."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        cpus = place.free
        with _told_as_lost(self._ray):
            kind = self._ray.remote(
                num_cpus=cpus,
                max_restarts=0,
                max_task_retries=0,
                max_concurrency=2 * cpus + 2,
                concurrency_groups={"control": _CONTROLS},
                # Soft, or started again, it would wait for ever for another place when its node is lost.
                scheduling_strategy=NodeAffinitySchedulingStrategy(place.id, soft=False),
            )(Node)
            return Remote(self._ray, kind.remote(), cpus)


def _connected(address: str | None) -> Any:
    """Ray, connected to the cluster at the address, or the one that RAY_ADDRESS or `ray start` tells of; or a new one.

    Its token and its ways are settled before it is imported: it looks then, and not again.
    """
    if sys.modules.get("ray") is not None and (ray := _imported()).is_initialized():
        return ray
    named = address or os.environ.get("RAY_ADDRESS")
    if named:
        _check_address(named)
    found = named or _started_here()
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if found is None:
        return _started()
    if _token():
        os.environ.setdefault("RAY_AUTH_MODE", "token")
    ray = _imported()
    with _stderr_kept() as kept:
        told = _told_by_head(found)
        if told is None or getattr(told, "rpc_code", None) == _UNIMPLEMENTED:
            raise UsageError(f"the head of no Ray cluster answers at {found}, but something else does: {_ADVICE}")
        try:
            ray.init(address=found, **_QUIET)
        except Exception as error:  # of many kinds: another version of Ray or Python, no token, no node on this machine
            said = " ".join(str(error).split())[:500] or type(error).__name__
            kept.seek(0)
            errors = re.findall(r"\.cc:\d+: (.*error.*)", kept.read().decode(errors="replace"), re.IGNORECASE)
            because = f" ({errors[-1][:300]})" if errors else _unlike(ray, told)
            raise UsageError(f"the Ray cluster {found} cannot be used: {said}{because}") from error
    Ray.ours = True
    return ray


def _told_by_head(address: str) -> bytes | Exception | None:
    """What the head of a cluster tells of it, as JSON, or the error; None where nothing comes."""
    told: list[bytes | Exception] = []

    def ask() -> None:
        try:
            raylet: Any = importlib.import_module("ray._raylet")
            told.append(raylet.GcsClient(address=address).internal_kv_get(b"CLUSTER_METADATA", namespace=b"cluster"))
        except Exception as error:  # of many kinds; in another version of Ray this may not be there at all
            told.append(error)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(_HEAD_SECONDS)
    return told[0] if told else None


def _unlike(ray: Any, told: bytes | Exception | None) -> str:
    """If the cluster is of another version of Ray, both, in words: an older Ray does not get as far as comparing them.

    Empty where the cluster does not say its version, or not as it does today.
    """
    try:
        version = str(json.loads(told)["ray_version"]) if isinstance(told, bytes) else ray.__version__
    except (ValueError, LookupError, TypeError):
        return ""
    if version == ray.__version__:
        return ""
    return f" (this is Ray {ray.__version__}, and the cluster is of Ray {version}: install that version here)"


@contextmanager
def _stderr_kept() -> Iterator[IO[bytes]]:
    """What this process writes to stderr meanwhile, as a file: Ray writes there once a second while it tries."""
    with tempfile.TemporaryFile() as kept:
        try:
            before = os.dup(_STDERR)
        except OSError:  # there is none
            yield kept
            return
        os.dup2(kept.fileno(), _STDERR)
        try:
            yield kept
        finally:
            os.dup2(before, _STDERR)
            os.close(before)


def _imported() -> Any:
    try:
        import ray
    except ImportError as error:
        raise UsageError(
            f"`executor=ray` needs Ray, which is not installed here ({error}): pip install 'selftaught[ray]'. It has "
            f"no release for every Python; this is Python {sys.version_info.major}.{sys.version_info.minor}"
        ) from error
    return ray


def _started_here() -> str | None:
    """The address of the cluster that `ray start` has made this machine a node of, as far as it still answers."""
    try:
        address = Path(os.environ.get("RAY_TMPDIR", "/tmp"), "ray", "ray_current_cluster").read_text().strip()
    except (OSError, UnicodeDecodeError):
        return None
    return address if _ADDRESS.fullmatch(address) and _trouble_at(address) is None else None


def _check_address(address: str) -> None:
    """Raises UsageError for what is no address, or answers nothing: Ray itself would wait for minutes."""
    if not _ADDRESS.fullmatch(address) or int(address.rpartition(":")[2]) > _HIGHEST_PORT:
        raise UsageError(
            f"no Ray cluster has the address {address!r}: wanted HOST:PORT, as `ray start` prints it, for a machine "
            "that is a node of the cluster itself"
        )
    trouble = _trouble_at(address)
    if trouble is not None:
        raise UsageError(f"no Ray cluster answers at {address} ({trouble.strerror or trouble}): {_ADVICE}")


def _trouble_at(address: str) -> OSError | None:
    """Why nothing answers there; None where something does."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), _CONNECT_SECONDS) as connection:
            if os.environ.get("RAY_USE_TLS", "0") in ("", "0"):
                connection.sendall(_GREETING)
                if _KIND_OF_FRAME.fullmatch(connection.recv(9)) is None:
                    return OSError("what listens there is not Ray")
    except OSError as error:
        return error
    return None


def _started() -> Any:
    """Ray, with a cluster of this machine alone: it ends with this process, and nobody else can reach or join it."""
    if "ray" not in sys.modules:
        os.environ["RAY_AUTH_MODE"], os.environ["RAY_AUTH_TOKEN"] = "token", secrets.token_hex(32)
        os.environ[_NO_OTHER_MACHINES] = "0"
    ray = _imported()
    Ray.ours, Ray.folder = True, tempfile.mkdtemp(prefix="selftaught-ray-", dir="/tmp")  # for sockets: a short path
    try:
        with _stderr_kept():  # a machine without a network has complaints that concern nobody
            ray.init(
                address="local",
                num_cpus=len(os.sched_getaffinity(0)),
                include_dashboard=False,
                object_store_memory=_STORE_BYTES,
                _temp_dir=Ray.folder,
                **_QUIET,
            )
    except Exception as error:
        _ended(ray)
        raise NoSandbox(
            f"no Ray cluster runs on this machine, and none starts: {' '.join(str(error).split())[:500]} Ray gives up "
            "after half a minute: try again when this machine is less busy, or use `executor=local`"
        ) from error
    _LOG.info("no Ray cluster runs on this machine: one of this machine alone was started, for this run")
    return ray


def _ended(ray: Any) -> None:
    """What was begun here is over."""
    if Ray.ours:
        ray.shutdown()
    if Ray.folder:
        shutil.rmtree(Ray.folder, ignore_errors=True)
    Ray.ours, Ray.folder = False, ""


def _token() -> bool:
    """Whether this machine has the token of a cluster."""
    path = os.environ.get("RAY_AUTH_TOKEN_PATH") or Path.home() / ".ray" / "auth_token"
    return bool(os.environ.get("RAY_AUTH_TOKEN")) or Path(path).is_file()


def _hush() -> None:
    """Ray always prints to stdout when a node is lost. But stdout is for a command's results."""
    worker: Any = sys.modules.get("ray._private.worker")
    if hasattr(worker, "_worker_logs_enabled"):
        worker._worker_logs_enabled = False


def _free_cpus() -> dict[str, float]:
    """By node. Empty where this Ray does not tell."""
    try:
        from ray._private.state import available_resources_per_node
    except ImportError:
        return {}
    return {node: each.get("CPU", 0.0) for node, each in available_resources_per_node().items()}


def _pieces(body: bytes) -> list[bytes]:
    if len(body) > _PIECE_BYTES * _MOST_PIECES:
        return [body]
    return [body[start : start + _PIECE_BYTES] for start in range(0, len(body), _PIECE_BYTES)]


@contextmanager
def _told_as_lost(ray: Any) -> Iterator[None]:
    try:
        yield
    except ray.exceptions.GetTimeoutError as error:
        raise Lost("it gave no answer in time") from error
    except (ray.exceptions.RayError, ConnectionError, TimeoutError) as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        raise Lost(_cause(lines) or type(error).__name__) from error


def _cause(lines: list[str]) -> str:
    """Of Ray's many lines on a loss, the one that says why."""
    for sign in ("ModuleNotFoundError", "ImportError", "died because", "node was", "killed", "OOM"):
        for line in lines:
            if sign in line:
                return line[:300]
    return lines[0][:300] if lines else ""


@contextmanager
def _kept_handlers() -> Iterator[None]:
    """Ray takes SIGTERM for itself: how this process ends is decided elsewhere."""
    main = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if main and before is not None:
            signal.signal(signal.SIGTERM, before)
