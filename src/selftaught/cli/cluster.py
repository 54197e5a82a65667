"""What happens to the nodes of a cluster, in lines on stderr: executors tell it through `logging`, at any time."""

import logging

from selftaught.cli.options import in_flags
from selftaught.cli.terminal import say


class _Said(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        say(in_flags(record.getMessage()))


def hear_of_nodes() -> None:
    """From now on. May be called twice."""
    logger = logging.getLogger("selftaught.cluster")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    if not logger.handlers:
        logger.addHandler(_Said())
