"""What `mkdocs build` does beside rendering: the pages beside docs/ become pages of the site, and pictures are put in.

A picture's place is a comment in a page, `<!-- picture: FILE: WORDS -->`, since no screenshot is in the repository: the
script that takes them puts them into docs/pictures (monitoring: `python benchmarks/platforms.py --pictures
docs/pictures`). Where it has not run, its place stays empty.
"""

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).parents[1]
PAGES = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\((?!https?:|#)([^)#\s]+)(#[^)\s]*)?\)")
_PICTURE = re.compile(r"<!-- picture: (\S+): (.+?) -->")


def on_files(files: Any, config: Any) -> Any:
    """Adds the pages beside docs/."""
    for name, page in PAGES.items():
        files.append(File.generated(config, page, content=(ROOT / name).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Puts in pictures; links between pages become those of the site, and of one to the code its file's name stays."""
    return _PICTURE.sub(_picture, _LINK.sub(_link, markdown.replace("](docs/demo.svg)", "](demo.svg)")))


def _link(found: re.Match[str]) -> str:
    words, target, anchor = found[1], found[2].removeprefix("../").removeprefix("docs/"), found[3] or ""
    page = PAGES.get(target, target)
    return f"[{words}]({page}{anchor})" if page.endswith(".md") else f"{words} (`{target}`)"


def _picture(found: re.Match[str]) -> str:
    name, words = found[1], found[2]
    there = (ROOT / "docs" / "pictures" / name).is_file()
    return f"![{words}](pictures/{name})\n\n*{words}*\n" if there else ""
