"""Anthropic's Messages API, through its own SDK: the extra `selftaught[anthropic]`."""

from collections.abc import Sequence
from typing import Any

from selftaught.core.contracts import Completion, Prompt
from selftaught.core.text import sendable
from selftaught.models.served.asking import Asker, AskOptions, Question
from selftaught.models.served.endpoint import Endpoint
from selftaught.models.served.failures import Failures, count_of, id_of, listed
from selftaught.models.served.http import Once, bounded_client, library_of
from selftaught.models.served.other_streams import of_anthropic
from selftaught.models.served.retrying import Failed
from selftaught.models.served.stream import Streaming

_MOST_OUTPUT_TOKENS = 16_384
"""The API wants a limit. On newer models it bounds what they think, too."""
_TEMPERATE_VERSION = "2023-06-01"
"""The last version of the API that knows a temperature; the SDK's own default refuses it for every model."""
_FINISHED = {
    "end_turn": "stop", "stop_sequence": "stop", "max_tokens": "length",
    "model_context_window_exceeded": "length", "refusal": "content_filter",
}  # fmt: skip


class Anthropic:
    """Implements `LanguageModel`. One call for each response: the API has no `n`.

    Raises UsageError if the model accepts no temperature and the ask_options do not allow to drop it.
    """

    def __init__(self, model: str, server: Endpoint, ask_options: AskOptions) -> None:
        self._model, self._server, self._ask_options = model, server, ask_options
        self._client = Once(self._connect)
        self._streaming = Streaming(ask_options.stream)
        self._failures = Failures(server, model, ask_options.timeout_seconds, self.models, of_anthropic)
        self._asker = Asker(model, self._ask, ask_options)

    def __call__(self, prompts: Sequence[Prompt]) -> list[Completion]:
        self._client()  # importing an SDK takes its time, which is no part of the first attempt's
        return self._asker(prompts)

    def prepare(self) -> None:
        """Import the SDK while the caller does other things."""
        self._client.prepare()

    def models(self) -> list[str]:
        """The names of the server's models. Raises ModelUnavailable."""
        import anthropic

        listing = self._client().models.with_raw_response
        return listed(
            self._server,
            lambda: [str(one["id"]) for one in listing.list().http_response.json()["data"]],
            (anthropic.AnthropicError,),
        )

    def _connect(self) -> Any:
        import anthropic

        ask_options = self._ask_options
        self._library = library_of(anthropic.DefaultHttpxClient)
        client = bounded_client(
            anthropic.DefaultHttpxClient,
            max_connections=ask_options.max_connections,
            timeout_seconds=ask_options.timeout_seconds,
            local=self._server.is_local,
        )
        return anthropic.Anthropic(
            api_key=self._server.key or "none",  # or else the SDK would look for one
            base_url=self._server.base_url,
            timeout=client.timeout,
            max_retries=0,
            http_client=client,
        )

    def _ask(self, question: Question) -> list[Completion]:
        import anthropic

        create = self._client().messages.with_raw_response.create
        try:
            body = create(model=self._model, **self._body(question)).http_response.read()
        except anthropic.APIStatusError as error:
            answer = error.response
            self._streaming.refused(error.status_code)
            raise self._failures.refused(error.status_code, answer.text, answer.headers, question) from None
        except anthropic.APIConnectionError as error:
            raise self._unreachable(error.__cause__ or error) from None
        except self._library.HTTPError as error:  # while a stream is read
            raise self._unreachable(error) from None
        completions: list[Completion] = self._failures.read(body, self._completions, question)
        return completions

    def _unreachable(self, error: BaseException) -> Failed:
        failed = self._failures.unreachable(error)
        self._streaming.failed(failed.kind)
        return failed

    def _body(self, question: Question) -> dict[str, Any]:
        import anthropic

        told: dict[str, Any] = {"messages": [{"role": "user", "content": question.user}]}
        if question.system:  # an empty one is refused
            told["system"] = question.system
        if question.temperature is not None:
            told["extra_body"] = {"temperature": question.temperature}
            told["extra_headers"] = {
                "anthropic-version": _TEMPERATE_VERSION,
                "x-api-key": self._server.key or "none",  # that version's way; later ones send it as a bearer
                "authorization": anthropic.Omit(),
            }
        if self._streaming.on:
            told["stream"] = True
        return {**told, "max_tokens": question.max_output_tokens or _MOST_OUTPUT_TOKENS}

    def _completions(self, answer: Any) -> list[Completion]:
        """Raises TypeError or LookupError where the answer has another shape than was promised."""
        if not isinstance(answer, dict) or "content" not in answer:
            return []
        usage, reason = answer.get("usage"), str(answer.get("stop_reason") or "")
        cached = count_of(usage, "cache_read_input_tokens")
        fresh, kept = count_of(usage, "input_tokens"), count_of(usage, "cache_creation_input_tokens")
        return [
            Completion(
                # Its reasoning is in blocks of another type, and is not part of the answer.
                text=sendable(_told(answer["content"], "text")),
                input_tokens=None if fresh is None else fresh + (cached or 0) + (kept or 0),
                output_tokens=count_of(usage, "output_tokens"),
                finish_reason=sendable(_FINISHED.get(reason, reason)),
                model=sendable(str(answer.get("model") or self._model)),
                cached_tokens=cached,
                reasoning_tokens=count_of(usage, "output_tokens_details", "thinking_tokens"),
                reasoning=sendable(_told(answer["content"], "thinking")),
                response_id=id_of(answer, "id"),
            )
        ]


def _told(blocks: Any, kind: str) -> str:
    """The texts of the blocks of one kind, from the member with the name of the kind."""
    return "".join(str(block.get(kind) or "") for block in blocks if block["type"] == kind)
