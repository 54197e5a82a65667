"""Any server that speaks OpenAI's chat completions: OpenAI, OpenRouter, Ollama, vLLM, llama.cpp, any gateway."""

import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from selftaught.core.contracts import Completion, Map, Prompt
from selftaught.core.errors import ModelUnavailable
from selftaught.models.patience import Failed, Patience

if TYPE_CHECKING:
    from openai import OpenAI

_TIMEOUT_SECONDS = 600.0
_MOST_SHOWN = 300
_AGAIN = {408, 409, 425, 429}


class OpenAIChat:
    """Implements `LanguageModel`. One call per prompt: native `n` is the exception among servers.

    `max_connections` calls are in flight at most, from whatever threads they come; a call that waits to be made again
    holds no place. The SDK is imported at the first call.
    """

    def __init__(
        self,
        model: str,
        *,
        api_key: str | None,
        base_url: str | None = None,
        max_connections: int = 32,
        patience: Patience | None = None,
        timeout_seconds: float = _TIMEOUT_SECONDS,
    ) -> None:
        if api_key is None and base_url is None:
            raise ModelUnavailable(
                f"openai/{model} needs a key: set OPENAI_API_KEY in the environment or in .env, "
                "or name another server with --base-url"
            )
        self._model, self._base_url, self._key = model, base_url, api_key
        self._patience = patience or Patience()
        self._timeout_seconds = timeout_seconds
        self._places = threading.BoundedSemaphore(max_connections)
        self._max_connections = max_connections
        self._making = threading.Lock()
        self._client: OpenAI | None = None

    def __call__(self, prompts: Sequence[Prompt], map: Map = map) -> list[Completion]:
        return list(map(self._complete, prompts))

    def _complete(self, prompt: Prompt) -> Completion:
        return self._patience.call(lambda: self._attempt(prompt))

    def _attempt(self, prompt: Prompt) -> Completion:
        import openai

        client = self._connected()
        messages: list[Any] = [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}]
        with self._places:
            try:
                response = client.chat.completions.create(
                    model=self._model, messages=messages, temperature=prompt.temperature
                )
            except openai.APIStatusError as error:
                raise self._refused(error.status_code, error) from None
            except openai.APITimeoutError:
                raise Failed(f"{self._server} gave no answer in {self._timeout_seconds:g} s", again=True) from None
            except openai.APIConnectionError as error:
                raise Failed(self._unreachable(error), again=True) from None
            except (openai.APIError, ValueError) as error:  # a body that is not the JSON that was promised
                raise Failed(f"{self._server} answered with nonsense: {_brief(error)}", again=True) from None
        return self._completion(response)

    def _completion(self, response: Any) -> Completion:
        choices = getattr(response, "choices", None)
        if not choices:
            raise Failed(f"{self._server} answered without any choice", again=True)
        if len(choices) != 1:
            raise Failed(f"{self._server} gave {len(choices)} choices; one was asked for", again=False)
        message, usage = choices[0].message, getattr(response, "usage", None)
        return Completion(
            text=getattr(message, "content", None) or "",
            input_tokens=getattr(usage, "prompt_tokens", None),
            output_tokens=getattr(usage, "completion_tokens", None),
            finish_reason=choices[0].finish_reason or "",
            model=str(getattr(response, "model", None) or self._model),
        )

    def _connected(self) -> "OpenAI":
        with self._making:
            if self._client is None:
                from openai import DefaultHttpxClient, OpenAI

                # The SDK's own client class, so that its HTTP library, which changed in 2026, need not be named here.
                http: Any = DefaultHttpxClient(limits=_limits(DefaultHttpxClient, self._max_connections))
                self._client = OpenAI(
                    api_key=self._key or "none",  # local servers want some key, and any
                    base_url=self._base_url,
                    timeout=self._timeout_seconds,
                    max_retries=0,
                    http_client=http,
                )
            return self._client

    @property
    def _server(self) -> str:
        return _without_secrets(self._base_url) if self._base_url else "OpenAI"

    def _refused(self, status: int, error: Any) -> Failed:
        said = self._without_key(_brief(error))
        if status == 401:
            return Failed(f"{self._server} refused the key (401): {said}; check OPENAI_API_KEY", again=False)
        if status == 404:
            return Failed(
                f"{self._server} does not know {self._model} (404): {said}{self._known_models()}", again=False
            )
        if status == 400 and "temperature" in said.lower():
            what = f"{self._model} does not take this temperature (400): {said}"
            return Failed(f"{what}; use a model that does: it is never dropped silently", again=False)
        again = status in _AGAIN or status >= 500
        return Failed(f"{self._server} answered {status}: {said}", again=again, wait_seconds=_retry_after(error))

    def _unreachable(self, error: Exception) -> str:
        cause = self._without_key(_brief(error.__cause__ or error))
        hint = "is it running?"
        if self._base_url and not urlsplit(self._base_url).path.rstrip("/").endswith("/v1"):
            hint += " Most base URLs end in /v1"
        return f"{self._server} cannot be reached: {cause}; {hint}"

    def _known_models(self) -> str:
        with suppress(Exception):  # only to help: the failure that it explains is told in any case
            names = [model.id for model in self._connected().models.list()]
            return f"; it has {', '.join(names[:10])}{' …' if len(names) > 10 else ''}" if names else ""
        if self._base_url and not urlsplit(self._base_url).path.rstrip("/").endswith("/v1"):
            return "; most base URLs end in /v1"
        return ""

    def _without_key(self, text: str) -> str:
        return text.replace(self._key, "***") if self._key else text


def list_models(base_url: str, api_key: str | None, timeout_seconds: float = 10.0) -> list[str]:
    """The names of a server's models. Raises ModelUnavailable."""
    from openai import OpenAI, OpenAIError

    try:
        client = OpenAI(api_key=api_key or "none", base_url=base_url, timeout=timeout_seconds, max_retries=0)
        return [model.id for model in client.models.list()]
    except (OpenAIError, ValueError) as error:
        server = _without_secrets(base_url)
        raise ModelUnavailable(
            f"{server} lists no models: {_brief(error)}; name one with --model openai/NAME"
        ) from None


def _limits(client_class: type, connections: int) -> Any:
    """The HTTP library's own limits class, found through the SDK: httpx for openai 2, httpx2 for openai 3."""
    import importlib

    module = importlib.import_module(client_class.__mro__[1].__module__.partition(".")[0])
    return module.Limits(max_connections=connections, max_keepalive_connections=connections)


def _retry_after(error: Any) -> float | None:
    headers: Any = getattr(getattr(error, "response", None), "headers", {})
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        with suppress(TypeError, ValueError):
            return max(0.0, float(headers.get(name)) * unit)
    return None


def _without_secrets(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"


def _brief(error: BaseException) -> str:
    return " ".join(str(error).split())[:_MOST_SHOWN]
