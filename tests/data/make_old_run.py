"""Makes a run folder with the package as it stood at a commit, packed: a real store of an older version for the tests.

    python tests/data/make_old_run.py 129b883 tests/data/run-of-0.1.0.tar.gz

The run is stopped by its cap on calls, so that there is something left to do; the server failed it once.
"""

import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from openai_server import Fault, OpenAIServer, improve_anything

RUN = [
    "run", "string-grid-distance", "--model", "openai/small", "--price", "small=1,2", "--depth", "1", "--repeats", "1",
    "--model-calls", "2", "--responses", "2", "--utility-calls", "4",
    "--seed", "42", "--max-calls", "6", "--out", "run",
]  # fmt: skip


def main(revision: str, out: Path) -> None:
    """Write the packed folder to `out`."""
    with tempfile.TemporaryDirectory() as scratch, OpenAIServer(improve_anything, faults=iter([Fault(500)])) as server:
        tree = subprocess.run(["git", "archive", revision, "src"], check=True, capture_output=True).stdout
        subprocess.run(["tar", "-x", "-C", scratch], input=tree, check=True)
        old = {**os.environ, "PYTHONPATH": f"{scratch}/src", "OPENAI_API_KEY": "none"}
        command = [sys.executable, "-m", "selftaught", *RUN, "--base-url", server.base_url]
        done = subprocess.run(command, cwd=scratch, env=old, check=False)
        assert done.returncode == 3, "it was to be stopped by its cap"
        with tarfile.open(out, "w:gz") as packed:
            packed.add(f"{scratch}/run", "run")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
