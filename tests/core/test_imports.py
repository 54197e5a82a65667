"""The direction of every import, held by import-linter's contracts in pyproject.toml."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_house_keeps_its_import_contracts() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rooms_are_tied_by_few_arrows() -> None:
    """One for each pair of rooms of which one imports the other; imports for types count."""
    code = (
        "import grimp\n"
        "house = grimp.build_graph('selftaught', cache_dir=None)\n"
        "room = lambda module: '.'.join(module.split('.')[:2])\n"
        "tied = {(room(a), room(b)) for a in house.modules for b in house.find_modules_directly_imported_by(a)}\n"
        "print(sum(a != b and 'selftaught' not in (a, b) for a, b in tied))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) <= 60


def test_help_imports_no_sdk_and_no_numpy() -> None:
    code = (
        "import sys\n"
        "sys.argv = ['selftaught', '--help']\n"
        "from selftaught.cli.app import app\n"
        "try: app()\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'openai', 'pydantic', 'jinja2', 'sqlite3'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
