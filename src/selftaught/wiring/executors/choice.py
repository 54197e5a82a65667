"""Which executor a name stands for."""

from contextlib import AbstractContextManager, closing

from selftaught import plugins
from selftaught.core.errors import UsageError
from selftaught.sandbox.choice import open_sandbox
from selftaught.sandbox.contract import OpenSandbox

BUILT_IN = ("local", "ray")


def check_executor_name(name: str) -> None:
    """Whether there is such an executor, which may not work here. Raises UsageError."""
    if name not in (*BUILT_IN, *plugins.names("executors")) and not name.startswith("ray:"):
        known = ", ".join([*BUILT_IN, "ray:HOST:PORT", *plugins.names("executors")])
        raise UsageError(f"no executor is called {name!r}; there are {known}")


def open_executor(name: str, sandbox: str) -> AbstractContextManager[OpenSandbox]:
    """A sandbox of the tier `sandbox`: on this machine (`local`), on a cluster (`ray`, `ray:ADDRESS`), or a plugin's.

    Raises UsageError, NoSandbox.
    """
    kind, _, address = name.partition(":")
    if kind == "ray":
        return _cluster(name if address.startswith("//") else address or None, sandbox)
    if name == "local":
        return open_sandbox(sandbox)
    check_executor_name(name)
    return closing(plugins.find("executors", name)(sandbox))


def _cluster(address: str | None, sandbox: str) -> AbstractContextManager[OpenSandbox]:
    from selftaught.wiring.executors.cluster import Cluster
    from selftaught.wiring.executors.ray import Ray

    engine = Ray(address)  # first: a wrong address is reported at once
    try:
        jail = open_sandbox(sandbox)
        try:
            return Cluster(engine, jail)
        except BaseException:
            jail.close()
            raise
    except BaseException:
        engine.close()
        raise
