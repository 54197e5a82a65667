"""Real HTTP servers that speak Anthropic's and Google's APIs, with the faults of openai_server.py."""

import json
from collections.abc import Sequence
from email.message import Message
from typing import Any

from openai_server import OpenAIServer, Wire, halves


class AnthropicWire(Wire):
    base_path = ""

    def authorised(self, headers: Message, key: str) -> bool:
        """The older version of the API wants the key in a header of its own, the newer as a bearer."""
        if headers.get("anthropic-version") == "2023-06-01":
            return headers.get("x-api-key") == key and "authorization" not in headers
        return super().authorised(headers, key)

    def listing(self, names: Sequence[str]) -> dict[str, Any]:
        return {"data": [{"id": name, "type": "model"} for name in names], "has_more": False}

    def wanted(self, request: dict[str, Any]) -> int:
        return 1

    def error(self, status: int, message: str, code: str | None) -> dict[str, Any]:
        return {"type": "error", "error": {"type": code or "invalid_request_error", "message": message}}

    def answer(self, request: dict[str, Any], model: str, text: str | None, copies: int) -> dict[str, Any]:
        content = [{"type": "thinking", "thinking": "Hm.", "signature": "x"}, {"type": "text", "text": text or ""}]
        usage = {"input_tokens": 7, "output_tokens": 5, "cache_read_input_tokens": 3}
        head = {"id": "x", "type": "message", "role": "assistant", "model": model, "stop_reason": "end_turn"}
        return {**head, **({"content": content} if copies else {}), "usage": usage}

    def events(self, body: dict[str, Any]) -> str:
        """As Anthropic's documentation has them: the first usage is of the prompt, the last of the whole answer."""
        counted = {**body["usage"], "output_tokens": 1}
        start = {**body, "content": [], "stop_reason": None, "stop_sequence": None, "usage": counted}
        told: list[dict[str, Any]] = [{"type": "message_start", "message": start}, {"type": "ping"}]
        for index, block in enumerate(body["content"]):
            kind = block["type"]
            told.append({"type": "content_block_start", "index": index, "content_block": {"type": kind, kind: ""}})
            told += [
                {"type": "content_block_delta", "index": index, "delta": {"type": f"{kind}_delta", kind: text}}
                for text in halves(block[kind])
            ]
            if kind == "thinking":
                signed = {"type": "signature_delta", "signature": "x"}
                told.append({"type": "content_block_delta", "index": index, "delta": signed})
            told.append({"type": "content_block_stop", "index": index})
        ended = {"stop_reason": body["stop_reason"], "stop_sequence": None}
        usage = {"output_tokens": body["usage"]["output_tokens"]}
        told += [{"type": "message_delta", "delta": ended, "usage": usage}, {"type": "message_stop"}]
        return "".join(f"event: {one['type']}\ndata: {json.dumps(one)}\n\n" for one in told)


class GoogleWire(Wire):
    base_path = ""
    prefix = "/v1beta"

    def authorised(self, headers: Message, key: str) -> bool:
        return headers.get("x-goog-api-key") == key

    def listing(self, names: Sequence[str]) -> dict[str, Any]:
        return {"models": [{"name": f"models/{name}"} for name in names]}

    def model(self, path: str, request: dict[str, Any]) -> str:
        return path.rpartition("/")[2].partition(":")[0]

    def wanted(self, request: dict[str, Any]) -> int:
        return int(request.get("generationConfig", {}).get("candidateCount", 1))

    def error(self, status: int, message: str, code: str | None) -> dict[str, Any]:
        details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "0.05s"}]
        return {"error": {"code": status, "message": message, "status": code or "INVALID_ARGUMENT", "details": details}}

    def answer(self, request: dict[str, Any], model: str, text: str | None, copies: int) -> dict[str, Any]:
        parts = [{"text": "Hm.", "thought": True}, {"text": text or ""}]
        candidate = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}
        usage = {
            "promptTokenCount": 7,
            "candidatesTokenCount": 3,
            "thoughtsTokenCount": 2,
            "cachedContentTokenCount": 1,
        }
        return {"candidates": [candidate] * copies, "usageMetadata": usage, "modelVersion": model}

    def streams(self, path: str, request: dict[str, Any]) -> bool:
        return path.partition("?")[0].endswith(":streamGenerateContent") and path.endswith("alt=sse")

    def events(self, body: dict[str, Any]) -> str:
        """As Google's documentation has them: each is a whole response; lines end in CR and LF, as its servers' do."""
        told = []
        for index, candidate in enumerate(body["candidates"]):
            for part in candidate["content"]["parts"]:
                for text in halves(part["text"]):
                    content = {"role": "model", "parts": [{**part, "text": text}]}
                    counted = {"promptTokenCount": body["usageMetadata"]["promptTokenCount"]}
                    told.append({"candidates": [{"content": content, "index": index}], "usageMetadata": counted})
            told.append({**body, "candidates": [{"finishReason": candidate["finishReason"], "index": index}]})
        return "".join(f"data: {json.dumps({**body, **one})}\r\n\r\n" for one in told)


class AnthropicServer(OpenAIServer):
    wire = AnthropicWire()


class GoogleServer(OpenAIServer):
    wire = GoogleWire()
