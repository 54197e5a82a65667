"""The program `selftaught`. As `python -m selftaught`, too: a `typing.py` of the current folder is not Python's."""

import gc
import sys


def main() -> None:
    """Load the commands, then run one. What is loaded stays: to look for garbage in it is a tenth of a start."""
    gc.disable()
    try:
        from selftaught.cli.app import main as run_command
    except KeyboardInterrupt:
        sys.exit(130)
    gc.freeze()
    gc.enable()
    run_command()


if __name__ == "__main__":
    sys.path.pop(0)  # the current folder, which `-m` puts there
    main()
