"""The providers of models: the name before the slash, the default address, and the variables. One table."""

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from selftaught.core.contracts import LanguageModel
from selftaught.core.errors import ModelUnavailable, UsageError
from selftaught.models.served.anthropic_messages import Anthropic
from selftaught.models.served.asking import AskOptions
from selftaught.models.served.endpoint import Endpoint
from selftaught.models.served.google_gemini import Gemini
from selftaught.models.served.openai_chat import OpenAIChat

Make = Callable[[str, Endpoint, AskOptions], LanguageModel]


def _openrouter(model: str, server: Endpoint, ask_options: AskOptions) -> LanguageModel:
    # It drops parameters that a model does not accept, unless asked for a model that does; and reports the cost.
    return OpenAIChat(
        model, server, ask_options, {"provider": {"require_parameters": True}, "usage": {"include": True}}
    )


@dataclass(frozen=True)
class Provider:
    """One name before the slash. The first of `keys` and of `urls` that is set is taken.

    `module`: the SDK, if it is an extra, named like the provider.
    """

    name: str
    url: str | None
    keys: tuple[str, ...]
    urls: tuple[str, ...]
    needs_key: bool = False
    ends_in: str = "/v1"
    module: str = ""
    make: Make = field(default=OpenAIChat)

    def server(self, base_url: str | None, environment: Mapping[str, str], model: str) -> Endpoint:
        """Raises ModelUnavailable for a missing key, UsageError for a missing or wrong URL."""
        url = base_url or first_set(environment, self.urls) or self.url
        if url is None:
            raise UsageError(
                f"{self.name}/{model}: where is the server? Set {self.urls[0]}, or give `base_url=http://HOST:PORT/v1`"
            )
        key = first_set(environment, self.keys)
        if key is None and self.needs_key and url == self.url:
            raise ModelUnavailable(
                f"{self.name}/{model} needs a key: set {' or '.join(self.keys)} in the environment or in .env, "
                "or name another server with `base_url`"
            )
        server = Endpoint(url, key, self.keys[0], self.ends_in)
        proxies = ("HTTPS_PROXY", "https_proxy") if url.startswith("https") else ("HTTP_PROXY", "http_proxy")
        named = [name for name in (*proxies, "ALL_PROXY", "all_proxy") if environment.get(name)]
        if server.is_local:
            of_certificates = [name for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if environment.get(name)]
            return replace(server, not_for_it=(*named, *of_certificates))
        return replace(server, proxy=next(iter(named), ""))

    def check_installed(self) -> None:
        """Raises UsageError with the line that installs what is missing. Imports nothing."""
        if not self.module:
            return
        try:
            there = importlib.util.find_spec(self.module) is not None
        except ModuleNotFoundError:  # of a parent package
            there = False
        if not there:
            extra = f"selftaught[{self.name}]"
            raise UsageError(f"{self.name}/… needs its SDK, which is not installed: pip install '{extra}'")


PROVIDERS = {
    provider.name: provider
    for provider in (
        Provider("openai", "https://api.openai.com/v1", ("OPENAI_API_KEY",), ("OPENAI_BASE_URL",), True),
        Provider(
            "openrouter", "https://openrouter.ai/api/v1", ("OPENROUTER_API_KEY",), ("OPENROUTER_BASE_URL",), True,
            make=_openrouter,
        ),
        Provider("ollama", "http://localhost:11434/v1", ("OLLAMA_API_KEY",), ("OLLAMA_BASE_URL",)),
        Provider("vllm", "http://localhost:8000/v1", ("VLLM_API_KEY",), ("VLLM_BASE_URL",)),
        # No URL: its default port has changed, and what listens at the old one may be anything.
        Provider("llamacpp", None, ("LLAMACPP_API_KEY",), ("LLAMACPP_BASE_URL",)),
        Provider(
            "anthropic", "https://api.anthropic.com", ("ANTHROPIC_API_KEY",), ("ANTHROPIC_BASE_URL",), True,
            ends_in="", module="anthropic", make=Anthropic,
        ),
        Provider(
            "google", "https://generativelanguage.googleapis.com", ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
            ("GOOGLE_GEMINI_BASE_URL",), True, ends_in="", module="google.genai", make=Gemini,
        ),
    )
}  # fmt: skip


def first_set(environment: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    """The value of the first of these variables that is set and not blank."""
    return next((value for name in names if (value := (environment.get(name) or "").strip())), None)
