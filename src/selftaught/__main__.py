"""`python -m selftaught` is the same program as `selftaught`: a `typing.py` of the current folder is not Python's."""

import sys

if __name__ == "__main__":
    sys.path.pop(0)  # the current folder, which `-m` puts there
    from selftaught.cli.app import main

    main()
