"""The README, as it is here and as the package's page has it."""

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]


def test_what_the_readme_links_to_is_there() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    linked = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    assert [name for name in linked if not (ROOT / name).is_file()] == []


def test_its_result_is_the_pictures() -> None:
    text, picture = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/demo.svg"))
    (low, high) = re.findall(r"95 % interval \+([\d.]+) to \+([\d.]+)", text.replace("\n", " "))[0]
    assert re.search(rf">sealed test +0\.190 ± .* 0\.401 ± .*\+0\.211 \(\+{low} to \+{high}\)<", picture)
    assert "http" not in re.sub(r'xmlns="[^"]+"', "", picture)  # nothing is fetched from elsewhere


@pytest.mark.parametrize("source", ["", "https://forge.example/selftaught"])
def test_no_link_of_the_packages_page_leads_to_a_file_beside_it(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    hatch_build = import_module("hatch_build")
    metadata: dict[str, Any] = {"urls": {"Source": source} if source else {}}
    hatch_build.ReadmeOutside(str(ROOT), {}).update(metadata)
    text = metadata["readme"]["text"]
    assert re.findall(r"\]\((?!https?:|#)", text) == []
    assert ("demo.svg" in text) == bool(source)
    if source:
        assert f"]({source}/raw/main/docs/demo.svg)" in text and f"]({source}/blob/main/docs/tasks.md)" in text
