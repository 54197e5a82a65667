"""`python -m selftaught` is the same program as `selftaught`."""

from selftaught.cli.app import main

if __name__ == "__main__":
    main()
