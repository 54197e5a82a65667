"""Make a version of the suite: `python benchmarks/suite.py` packs the reference programs and prints the digest.

tests/tasks/references/*.py go into src/selftaught/experiments/references.zip, byte by byte the same each time; then
`VERSION`, `DIGEST` and `SCALE` in experiments/suite_version.py are set by hand: the scale from `benchmarks/tasks.py`.
"""

import zipfile
from pathlib import Path

from selftaught.experiments import suite_version

HERE = Path(__file__).parent.parent
REFERENCES = HERE / "tests" / "tasks" / "references"
ARCHIVE = HERE / "src" / "selftaught" / "experiments" / "references.zip"


def main() -> None:
    """Pack, and print."""
    with zipfile.ZipFile(ARCHIVE, "w") as archive:
        for file in sorted(REFERENCES.glob("*.py")):
            entry = zipfile.ZipInfo(file.name)  # without a time: equal texts, equal archive
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, file.read_text(encoding="utf-8"))
    print(f"{suite_version.NAME} {suite_version.VERSION}: {suite_version.digest()}")


if __name__ == "__main__":
    main()
