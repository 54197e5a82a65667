"""The README as a package's page has it, where no file lies beside it: links to files of the repository lead nowhere.

They become links below `Source` of [project.urls]; as long as no address is set there, the name of the file stays.
"""

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_LINK = re.compile(r"\[([^\]]*)\]\((?!https?:|#)([^)\s]+)\)")


class ReadmeOutside(MetadataHookInterface):
    """Sets the readme from README.md."""

    def update(self, metadata: dict[str, Any]) -> None:
        source = metadata.get("urls", {}).get("Source", "").rstrip("/")

        def outside(found: "re.Match[str]") -> str:
            words, file = found[1], found[2]
            if source:
                return f"[{words}]({source}/blob/main/{file})"
            return words if words == file.partition("#")[0] else f"{words} (`{file.partition('#')[0]}`)"

        text = _LINK.sub(outside, (Path(self.root) / "README.md").read_text(encoding="utf-8"))
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
