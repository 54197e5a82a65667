"""Google's Gemini API, through its own SDK: the extra `selftaught[google]`."""

import importlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from selftaught.core.contracts import Completion, Prompt
from selftaught.core.text import sendable
from selftaught.models.served.asking import Asker, AskOptions, Question, shared
from selftaught.models.served.endpoint import Endpoint
from selftaught.models.served.failures import Failures, count_of, id_of, listed
from selftaught.models.served.http import Once, bounded_client, library_of
from selftaught.models.served.other_streams import of_google
from selftaught.models.served.stream import Streaming

_FINISHED = {"STOP": "stop", "MAX_TOKENS": "length"}
_FILTERED = {"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR", "JAILBREAK"}


class Gemini:
    """Implements `LanguageModel`. One call for each response, unless `n` is declared native.

    Raises UsageError if the model accepts no temperature and the ask_options do not allow to drop it.
    """

    def __init__(self, model: str, server: Endpoint, ask_options: AskOptions) -> None:
        self._model, self._server, self._ask_options = model, server, ask_options
        self._client = Once(self._connect)
        self._streaming = Streaming(ask_options.stream)
        self._failures = Failures(server, model, ask_options.timeout_seconds, self.models, of_google)
        self._asker = Asker(model, self._ask, ask_options)

    def __call__(self, prompts: Sequence[Prompt]) -> list[Completion]:
        self._client()  # importing an SDK takes its time, which is no part of the first attempt's
        return self._asker(prompts)

    def prepare(self) -> None:
        """Import the SDK while the caller does other things."""
        self._client.prepare()

    def models(self) -> list[str]:
        """The names of the server's models. Raises ModelUnavailable."""
        from google.genai import errors

        return listed(
            self._server,
            lambda: [str(one.name).removeprefix("models/") for one in self._client().models.list()],
            (errors.APIError, *self._transport_errors()),
        )

    def _connect(self) -> Any:
        from google import genai

        client = bounded_client(
            _http_client_class(),
            max_connections=self._ask_options.max_connections,
            timeout_seconds=self._ask_options.timeout_seconds,
            local=self._server.is_local,
        )
        client.event_hooks["request"].append(self._as_stream)
        # No retry options: the SDK then tries once. It looks up missing values in the environment.
        milliseconds = max(
            1, round(self._ask_options.timeout_seconds * 1000)
        )  # without it, the SDK lifts the client's own
        options: Any = {"base_url": self._server.base_url, "httpx_client": client, "timeout": milliseconds}
        if (version := _version(self._server.base_url)) is not None:
            base, options["api_version"] = version
            options["base_url"] = base
        return genai.Client(api_key=self._server.key or "none", vertexai=False, http_options=options)

    def _as_stream(self, request: Any) -> None:
        """The same request, answered in pieces: the SDK's own way of streaming hands none of them on as it came."""
        path, _, method = request.url.path.rpartition(":")
        if self._streaming.on and method == "generateContent":
            request.url = request.url.copy_with(path=f"{path}:streamGenerateContent", query=b"alt=sse")

    def _ask(self, question: Question) -> list[Completion]:
        from google.genai import errors

        settings = {
            "system_instruction": question.system or None,
            "temperature": question.temperature,
            "candidate_count": question.n if question.n > 1 else None,
            "seed": question.seed,
            "max_output_tokens": question.max_output_tokens,
        }
        config: Any = {name: value for name, value in settings.items() if value is not None}
        config["should_return_http_response"] = True  # as it came: the SDK's own reading hides what is odd
        try:
            # As a part, because the SDK refuses an empty text; the API's own message is then reported.
            contents: Any = {"role": "user", "parts": [{"text": question.user}]}
            answer = self._client().models.generate_content(model=self._model, contents=contents, config=config)
        except errors.APIError as error:
            self._streaming.refused(error.code)
            headers: Mapping[str, str] = getattr(error.response, "headers", {})
            said = getattr(error.response, "text", "") or json.dumps(error.details, default=str)
            raise self._failures.refused(error.code, said, headers, question) from None
        except self._transport_errors() as error:
            failed = self._failures.unreachable(error)
            self._streaming.failed(failed.kind)
            raise failed from None
        body = answer.sdk_http_response.body or ""
        return shared(self._failures.read(body, self._completions, question))

    def _completions(self, answer: Any) -> list[Completion]:
        """Raises TypeError or LookupError where the answer has another shape than was promised."""
        if not isinstance(answer, dict):
            return []
        candidates = answer.get("candidates")
        blocked = answer.get("promptFeedback")
        if not candidates and isinstance(blocked, dict) and blocked.get("blockReason"):
            return [self._completion(answer, {"finishReason": "SAFETY"})]  # of the prompt, for any reason
        if not isinstance(candidates, list):
            return []
        return [self._completion(answer, candidate) for candidate in candidates]

    def _completion(self, answer: Any, candidate: Any) -> Completion:
        usage, reason = answer.get("usageMetadata"), str(candidate.get("finishReason") or "")
        parts = candidate.get("content", {}).get("parts", [])
        said, thought = count_of(usage, "candidatesTokenCount"), count_of(usage, "thoughtsTokenCount")
        return Completion(
            text=sendable(_told(parts, thought=False)),
            input_tokens=count_of(usage, "promptTokenCount"),
            output_tokens=None if said is None and thought is None else (said or 0) + (thought or 0),
            finish_reason="content_filter" if reason in _FILTERED else sendable(_FINISHED.get(reason, reason.lower())),
            model=sendable(str(answer.get("modelVersion") or self._model)),
            cached_tokens=count_of(usage, "cachedContentTokenCount"),
            reasoning_tokens=thought,
            reasoning=sendable(_told(parts, thought=True)),
            response_id=id_of(answer, "responseId"),
        )

    def _transport_errors(self) -> tuple[type[Exception], ...]:
        library = library_of(_http_client_class())
        return library.HTTPError, library.StreamError, OSError


def _version(base_url: str) -> tuple[str, str] | None:
    """The base URL and the API's version, as others than Google serve it: v1beta, unless the URL ends in a version."""
    if "googleapis.com" in base_url:
        return None
    base, _, last = base_url.rstrip("/").rpartition("/")
    return (base, last) if re.fullmatch(r"v\d\w*", last) else (base_url, "v1beta")


def _told(parts: Any, *, thought: bool) -> str:
    """The texts of the parts that are thoughts, or of the others."""
    return "".join(str(part.get("text") or "") for part in parts if bool(part.get("thought")) == thought)


def _http_client_class() -> type:
    """The library that the SDK would choose: httpx2, or httpx where there is no other."""
    for name in ("httpx2", "httpx"):
        try:
            found: type = importlib.import_module(name).Client
        except ImportError:
            continue
        return found
    raise ImportError("google-genai needs httpx2")
