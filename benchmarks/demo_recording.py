"""Makes the recording that `selftaught demo` replays, from the answers in demo/.

    python benchmarks/demo_recording.py

It runs `selftaught improve … --model relay:BOX`, and puts each answer into the box when its prompt is there. An answer
belongs to a prompt by the round and by what the prompt asks for: `2-faster.md` answers, in the second round, "Make this
program much faster". docs/demo.md says how the answers were written, and how to make a demo of another task. To be run
again when the texts that prompts are made of have changed (the task, the improver `refine`, what is said of limits).
"""

import argparse
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from selftaught.cli.demo import SETTINGS

ANSWERS = Path(__file__).parent / "demo"
RECORDING = Path(__file__).parents[1] / "src/selftaught/wiring/demo.recording"
BOX = Path(tempfile.gettempdir()) / "selftaught-demo"
ASKED = {
    "combine": "Combine a good start",
    "strongest": "Use the strongest method",
    "structure": "Look for structure",
    "creative": "Be creative",
    "mend": "Find what holds this program back",
    "idea-of-the-first": "Find why the first program does badly",
    "join": "Join the strong points",
    "faster": "Make this program much faster",
}
"""By the answer's name, how the last words of its prompt begin."""


def answer(box: Path, over: threading.Event) -> None:
    """Put in each answer when its prompt is there."""
    while not over.wait(0.1):
        for prompt in sorted(box.glob("*.prompt.txt")):
            reply = prompt.with_name(prompt.name.replace(".prompt.", ".reply."))
            if not reply.exists():
                reply.write_text(answer_to(prompt), encoding="utf-8")


def answer_to(prompt: Path) -> str:
    """The round follows from the prompt's number, since each round asks for as many programs."""
    asked = prompt.read_text(encoding="utf-8").rpartition("```")[2]
    name = next(name for name, words in ASKED.items() if words in asked)
    round = 1 + (int(prompt.name.partition("-")[0]) - 1) // SETTINGS["responses"]
    return (ANSWERS / f"{round}-{name}.md").read_text(encoding="utf-8")


def make(out: Path) -> None:
    if BOX.exists():
        raise SystemExit(f"{BOX} is there already: answers in it may be of another time. Remove it first.")
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in SETTINGS.items() if name not in ("kind", "tasks")]
    command = [sys.executable, "-m", "selftaught"]
    over = threading.Event()
    answering = threading.Thread(target=answer, args=(BOX, over))
    answering.start()
    try:
        with tempfile.TemporaryDirectory() as scratch:
            run = [*command, "improve", *SETTINGS["tasks"], *flags, f"--model=relay:{BOX}", "--out=demo"]
            subprocess.run(run, cwd=scratch, check=True)
            export = [*command, "export", "demo", "--what=recording", f"--out={out.resolve()}"]
            subprocess.run(export, cwd=scratch, check=True)
    finally:
        over.set()
        answering.join()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Make the recording of `selftaught demo`.")
    parser.add_argument("--out", type=Path, default=RECORDING, help="the file; the package's own unless given")
    make(parser.parse_args().out)
