"""The server of a model: its URL, its key; and what may be shown of them."""

from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from selftaught.core.errors import UsageError

_MOST_SHOWN = 300
_SHORTEST_KEY = 8
"""A shorter text is not a key but a placeholder for a local server (x, none, EMPTY), and may be shown."""


@dataclass(frozen=True)
class Endpoint:
    """A server and its key, which nobody else gets. `ends_in`: the usual ending of its kind of URL.
    `proxy`: the environment variable that names a proxy on the way to it, if one does;
    `not_for_it`: those that are set, and do not hold on the way to this machine itself.

    Raises UsageError for an invalid URL, or that holds a key; and for a key that cannot be sent.
    """

    base_url: str
    key: str | None = field(default=None, repr=False)
    key_variable: str = "OPENAI_API_KEY"
    ends_in: str = "/v1"
    proxy: str = ""
    not_for_it: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_url(self.base_url, self.key_variable)
        key = (self.key or "").strip()
        if not (key.isascii() and key.isprintable()):
            raise UsageError(f"{self.key_variable} has characters that no key has; copy the key again")
        object.__setattr__(self, "key", key or None)

    @property
    def shown(self) -> str:
        """The URL as it may be shown: without its query, which may hold anything."""
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc}{parts.path}"

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine, and in the clear: no proxy and no certificate is needed on the way."""
        parts = urlsplit(self.base_url)
        host = parts.hostname or ""
        return parts.scheme == "http" and (host in ("localhost", "::1") or host.startswith("127."))

    @property
    def hint(self) -> str:
        """A hint for a base URL of an unusual form."""
        unusual = self.ends_in and not urlsplit(self.base_url).path.rstrip("/").endswith(self.ends_in)
        return f" Most base URLs end in {self.ends_in}" if unusual else ""

    def brief(self, error: object) -> str:
        """The error on one line, without the key and without what would move a terminal's cursor."""
        text = str(error)
        if self.key and len(self.key) >= _SHORTEST_KEY:
            text = text.replace(self.key, "***")  # before it is cut: half a key is one too many
        text = text.encode("utf-8", "backslashreplace").decode()  # half characters are spelt out
        text = "".join(one if one.isprintable() else " " for one in text)
        return " ".join(text.split())[:_MOST_SHOWN]


def _check_url(url: str, key_variable: str) -> None:
    if "?" in url or "#" in url:
        raise UsageError(
            "the base URL has a query or a fragment, and would be stored with it: it must not contain a key; "
            f"keys are read from {key_variable}"
        )
    if "@" in url:
        raise UsageError(f"`base_url` contains a user or a key; put the key into {key_variable}: URLs are recorded")
    with suppress(ValueError):  # of an invalid port, brackets that do not match, a host that no resolver takes
        parts = urlsplit(url)
        plain = url.isprintable() and " " not in url
        if plain and parts.scheme in ("http", "https") and (parts.hostname or "").encode("idna") and parts.port != 0:
            return
    raise UsageError(f"`base_url={url}`: wanted a URL like http://localhost:8000/v1 or https://…")
