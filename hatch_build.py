"""The README as a package's page has it, where no file lies beside it: links to files of the repository lead nowhere.

They become links below `Source` of [project.urls]; as long as no address is set there, the name of the file stays, and
of a picture nothing.
"""

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_PICTURE = re.compile(r"!\[[^\]]*\]\((?!https?:)[^)\s]+\)\n+")
_LINK = re.compile(r"\[([^\]]*)\]\((?!https?:|#)([^)\s]+)\)")


class ReadmeOutside(MetadataHookInterface):
    """Sets the readme from README.md."""

    def update(self, metadata: dict[str, Any]) -> None:
        source = metadata.get("urls", {}).get("Source", "").rstrip("/")

        def outside(found: "re.Match[str]") -> str:
            words, file = found[1], found[2]
            if source and found.string[found.start() - 1 :].startswith("!"):
                return f"[{words}]({source}/raw/main/{file})"
            if source:
                return f"[{words}]({source}/blob/main/{file})"
            return words if words == file.partition("#")[0] else f"{words} (`{file.partition('#')[0]}`)"

        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        text = _LINK.sub(outside, text if source else _PICTURE.sub("", text))
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
