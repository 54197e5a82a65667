"""Any server that speaks OpenAI's chat completions: OpenAI, OpenRouter, Ollama, vLLM, llama.cpp, any gateway."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from selftaught.core.contracts import Completion, Prompt
from selftaught.core.text import sendable
from selftaught.models.served.asking import Asker, AskOptions, Question, shared
from selftaught.models.served.endpoint import Endpoint
from selftaught.models.served.failures import Failures, count_of, id_of, listed
from selftaught.models.served.http import Once, bounded_client, library_of
from selftaught.models.served.posting import posts
from selftaught.models.served.retrying import Failed
from selftaught.models.served.stream import Streaming
from selftaught.models.served.thoughts import of_message

_LISTING_SECONDS = 10.0


class OpenAIChat:
    """Implements `LanguageModel`. `extra` goes into the body of each request.

    Raises UsageError if the model accepts no temperature and the ask_options do not allow to drop it.
    """

    def __init__(
        self, model: str, server: Endpoint, ask_options: AskOptions, extra: Mapping[str, object] | None = None
    ) -> None:
        self._model, self._server, self._ask_options = model, server, ask_options
        self._extra = dict(extra or {})
        self._streaming = Streaming(ask_options.stream)
        self._client = Once(self._connect)
        self._failures = Failures(server, model, ask_options.timeout_seconds, self.models)
        self._asker = Asker(model, self._ask, ask_options)

    def __call__(self, prompts: Sequence[Prompt]) -> list[Completion]:
        self._client()  # importing an SDK takes its time, which is no part of the first attempt's
        return self._asker(prompts)

    def prepare(self) -> None:
        """Import the SDK while the caller does other things."""
        self._client.prepare()

    def models(self) -> list[str]:
        """The names of the server's models. Raises ModelUnavailable."""
        import openai

        client = self._client().with_options(timeout=_LISTING_SECONDS)
        return listed(
            self._server,
            lambda: [str(one["id"]) for one in client.models.with_raw_response.list().http_response.json()["data"]],
            (openai.OpenAIError,),
        )

    def _connect(self) -> Any:
        import openai

        ask_options = self._ask_options
        self._library = library_of(openai.DefaultHttpxClient)
        client = bounded_client(
            openai.DefaultHttpxClient,
            max_connections=ask_options.max_connections,
            timeout_seconds=ask_options.timeout_seconds,
            local=self._server.is_local,
        )
        sdk = openai.OpenAI(
            api_key=self._server.key or "none",  # local servers want some key, and any
            base_url=self._server.base_url,
            timeout=client.timeout,
            max_retries=0,
            http_client=client,
        )
        headers = client.headers.copy()
        headers.update({**_texts(sdk.default_headers), **_texts(sdk.auth_headers)})
        url = sdk.base_url.copy_with(raw_path=sdk.base_url.raw_path + b"chat/completions")
        self._post = posts(
            self._library,
            client,
            url,
            headers,
            timeout_seconds=ask_options.timeout_seconds,
            local=self._server.is_local,
        )
        return sdk

    def _ask(self, question: Question) -> list[Completion]:
        self._client()
        # With the SDK's URL and headers. What the SDK adds to that are classes of requests, answers and errors, which
        # took half of a call's time and are not used here.
        content = msgspec.json.encode(self._body(question))
        try:
            answer = self._post(content)
        except Exception as error:  # the SDK turns every error of a connection or a proxy into this
            raise self._unreachable(error) from None
        if not 200 <= answer.status < 300:
            self._streaming.refused(answer.status)
            raise self._failures.refused(answer.status, answer.text, answer.headers, question) from None
        return shared(self._failures.read(answer.body, self._completions, question))

    def _unreachable(self, error: BaseException) -> Failed:
        failed = self._failures.unreachable(error)
        self._streaming.failed(failed.kind)
        return failed

    def _body(self, question: Question) -> dict[str, Any]:
        told: dict[str, Any] = {
            "model": self._model,
            "messages": [
                {"role": "system", "content": question.system},
                {"role": "user", "content": question.user},
            ],
        }
        if self._streaming.on:
            told |= {"stream": True, "stream_options": {"include_usage": True}}
        if question.temperature is not None:
            told["temperature"] = question.temperature
        if question.n > 1:
            told["n"] = question.n
        if question.seed is not None:
            told["seed"] = question.seed
        if question.max_output_tokens is not None:
            told[self._ask_options.capabilities.token_limit] = question.max_output_tokens
        return told | self._extra

    def _completions(self, answer: Any) -> list[Completion]:
        """Raises TypeError or LookupError where the answer has another shape than was promised."""
        choices = answer.get("choices") if isinstance(answer, dict) else None
        if not isinstance(choices, list):
            return []
        return [self._completion(answer, choice) for choice in choices]

    def _completion(self, answer: dict[str, Any], choice: Any) -> Completion:
        usage, message = answer.get("usage"), choice["message"]
        if not isinstance(message, dict):
            raise TypeError(f"the message is of type {type(message).__name__}")
        return Completion(
            text=sendable(_text(message)),
            input_tokens=count_of(usage, "prompt_tokens"),
            output_tokens=_output_tokens(usage),
            finish_reason=_finish_reason(choice, message),
            model=sendable(str(answer.get("model") or self._model)),
            cached_tokens=count_of(usage, "prompt_tokens_details", "cached_tokens"),
            reasoning_tokens=_reasoning_tokens(usage),
            cost=_dollars(usage),
            reasoning=sendable(of_message(message)),
            response_id=id_of(answer, "id"),
        )


def _texts(headers: Mapping[str, object]) -> dict[str, str]:
    """Those that have a value, since the SDK marks others as left out; and that say nothing of this machine."""
    told = {name: value for name, value in headers.items() if isinstance(value, str)}
    return {name: value for name, value in told.items() if not name.lower().startswith("x-stainless-")}


def _finish_reason(choice: dict[str, Any], message: dict[str, Any]) -> str:
    told = sendable(str(choice.get("finish_reason") or ""))
    return "content_filter" if message.get("refusal") and not message.get("content") else told


def _reasoning_tokens(usage: object) -> int | None:
    told = count_of(usage, "completion_tokens_details", "reasoning_tokens")
    return count_of(usage, "reasoning_tokens") if told is None else told


def _output_tokens(usage: object) -> int | None:
    """All that was made: some servers (xAI, Gemini's, LiteLLM's) count reasoning beside what they call completion."""
    made, thought = count_of(usage, "completion_tokens"), _reasoning_tokens(usage) or 0
    total, given = count_of(usage, "total_tokens"), count_of(usage, "prompt_tokens")
    if made is None:
        return None if total is None or given is None or total < given else total - given
    beside = thought > made or (total is not None and given is not None and total >= given + made + max(thought, 1))
    return made + thought if beside else made


def _text(message: dict[str, Any]) -> str:
    """A message's content: a text, nothing, or a list of parts, from which text parts are taken."""
    content = message.get("content")
    if isinstance(content, list):
        return "".join(part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str))
    if not isinstance(content, str | None):
        raise TypeError(f"the content is of type {type(content).__name__}")
    return content or ""


def _dollars(usage: Any) -> float | None:
    cost = usage.get("cost") if isinstance(usage, dict) else None
    known = isinstance(cost, int | float) and not isinstance(cost, bool) and 0 <= cost < math.inf
    return float(cost) if cost is not None and known else None
