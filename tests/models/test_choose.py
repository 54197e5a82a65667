"""From a name to a model, and why."""

import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from openai_server import OpenAIServer
from selftaught.core.errors import ModelUnavailable, UsageError
from selftaught.models.choose import DEFAULT_OPENAI, ChosenModel, choose_model

NOWHERE = {"OLLAMA_HOST": "127.0.0.1:9"}


def choose(name: str, environment: Mapping[str, str] = NOWHERE, base_url: str | None = None) -> ChosenModel:
    return choose_model(name, base_url=base_url, environment=environment, seed=1, script=None, max_connections=2)


def test_auto_takes_the_first_that_is_there() -> None:
    key = {"OPENAI_API_KEY": "sk-x", **NOWHERE}
    assert choose("auto", {"SELFTAUGHT_MODEL": "mutate", **key}).why == "SELFTAUGHT_MODEL is set"
    assert choose("auto", key).name == f"openai/{DEFAULT_OPENAI}"
    assert (choose("auto").name, choose("auto").why[:22]) == ("mutate", "no model is configured")


class Ollama(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps({"models": [{"name": "qwen3:8b"}]}).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        return


def test_auto_takes_a_local_ollama_that_answers() -> None:
    server = HTTPServer(("127.0.0.1", 0), Ollama)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    chosen = choose("auto", {"OLLAMA_HOST": f"127.0.0.1:{server.server_port}"})
    server.shutdown()
    assert (chosen.name, chosen.base_url) == ("openai/qwen3:8b", f"http://127.0.0.1:{server.server_port}/v1")


def test_auto_with_a_base_url_takes_that_servers_first_model() -> None:
    with OpenAIServer(lambda request: "") as server:
        assert choose("auto", base_url=server.base_url).name == "openai/small"


def test_auto_does_not_guess_where_a_server_has_no_model() -> None:
    with OpenAIServer(lambda request: "", models=[]) as server:
        with pytest.raises(ModelUnavailable, match="has no model"):
            choose("auto", base_url=server.base_url)


def test_auto_names_a_server_that_does_not_answer_and_keeps_the_key_to_itself() -> None:
    with pytest.raises(ModelUnavailable, match=r"127.0.0.1:9 lists no models.*end in /v1") as caught:
        choose("auto", {"OPENAI_API_KEY": "sk-secret", **NOWHERE}, base_url="http://127.0.0.1:9")
    assert "sk-secret" not in str(caught.value)


def test_any_name_goes_to_a_named_server() -> None:
    chosen = choose("meta/llama-3", base_url="http://localhost:8000/v1")
    assert (chosen.name, chosen.base_url) == ("openai/meta/llama-3", "http://localhost:8000/v1")


@pytest.mark.parametrize(
    ("name", "base_url", "said"),
    [
        ("mutant", None, "did you mean 'mutate'"),
        ("anthropic/claude", None, "there are auto, mutate"),
        ("openai/", None, "no model is called"),
        ("scripted", None, "--script"),
        ("scripted:answers.json", None, "--script FILE.json"),
        ("openai/x", "ftp://localhost", "http://"),
        ("openai/x", "http://me:secret@localhost/v1", "OPENAI_API_KEY"),
        ("openai/x", "http://me:secret@localhost:none/v1", "OPENAI_API_KEY"),
        ("openai/x", "http://localhost:99999/v1", "wanted a URL"),
        ("openai/x", "http://[::1/v1", "wanted a URL"),
        ("openai/x", "http://", "wanted a URL"),
    ],
)
def test_a_wrong_name_is_answered_with_the_right_ones(name: str, base_url: str | None, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        choose(name, {**NOWHERE, "OPENAI_API_KEY": "sk-x"}, base_url)
    assert "secret" not in str(caught.value)


def test_a_wrong_name_in_the_environment_is_said_to_be_from_there() -> None:
    with pytest.raises(UsageError, match="'mutant' .SELFTAUGHT_MODEL is set"):
        choose("auto", {"SELFTAUGHT_MODEL": "mutant", **NOWHERE})


def test_a_missing_key_is_named() -> None:
    with pytest.raises(ModelUnavailable, match="OPENAI_API_KEY"):
        choose("openai/gpt-4.1")
