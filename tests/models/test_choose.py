"""From a name to a model, and why."""

import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from models.conformance import PROMPT
from openai_server import Fault, OpenAIServer
from selftaught.core.errors import ModelUnavailable, UsageError
from selftaught.models.choose import DEFAULT_OPENAI, ChosenModel, choose_model, ollama_address
from selftaught.models.served.providers import PROVIDERS

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
    assert (chosen.name, chosen.base_url) == ("ollama/qwen3:8b", f"http://127.0.0.1:{server.server_port}/v1")


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
        (
            "mistral/large",
            None,
            "there are auto, mutate, demo, scripted, relay:DIR, replay:RUN, openai/MODEL, openrouter/MODEL, ollama",
        ),
        ("opnai/x", None, "did you mean 'openai'"),
        ("anthropic/", None, "no model is called"),
        ("relay:", None, "relay:DIR"),
        ("llamacpp/x", None, "Set LLAMACPP_BASE_URL"),
        ("openrouter/x", "http://me:secret@localhost/v1", "OPENROUTER_API_KEY"),
        ("openai/gpt-5", None, "accepts no temperature.*`temperature_policy=drop`"),
        ("openai/", None, "no model is called"),
        ("scripted", None, "`script=FILE.json`"),
        ("scripted:answers.json", None, "`script=FILE.json`"),
        ("openai/x", "ftp://localhost", "http://"),
        ("openai/x", "http://localhost/v1?api-key=secret", "must not contain a key"),
        ("openai/x", "http://me:secret@localhost/v1", "OPENAI_API_KEY"),
        ("openai/x", "http://me:secret@localhost:none/v1", "OPENAI_API_KEY"),
        ("openai/x", "http://localhost:99999/v1", "wanted a URL"),
        ("openai/x", "http://[::1/v1", "wanted a URL"),
        ("openai/x", "http://", "wanted a URL"),
        ("openai/x", "http://a..b/v1", "wanted a URL"),
        ("openai/x", f"http://{'x' * 64}/v1", "wanted a URL"),
        ("openai/x", "http://localhost/\x7f", "wanted a URL"),
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


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("openrouter/x/y", "OPENROUTER_API_KEY"),
        ("anthropic/claude-haiku-4-5", "ANTHROPIC_API_KEY"),
        ("google/gemini-2.5-flash", "GEMINI_API_KEY or GOOGLE_API_KEY"),
    ],
)
def test_each_provider_has_a_key_of_its_own(name: str, variable: str) -> None:
    with pytest.raises(ModelUnavailable, match=f"{name} needs a key: set {variable}"):
        choose(name, {"OPENAI_API_KEY": "sk-x", **NOWHERE})


@pytest.mark.parametrize(
    ("name", "environment", "url"),
    [
        ("openai/gpt-4.1", {"OPENAI_API_KEY": "k"}, None),
        ("openrouter/a/b", {"OPENROUTER_API_KEY": "k", "OPENAI_BASE_URL": "http://x/v1"}, None),
        ("ollama/q", {}, None),
        ("ollama/q", {"OLLAMA_HOST": "0.0.0.0:1"}, "http://0.0.0.0:1/v1"),
        ("ollama/q", {"OLLAMA_HOST": "there", "OLLAMA_BASE_URL": "http://here/v1"}, "http://here/v1"),
        ("vllm/m", {}, None),
        ("vllm/m", {"VLLM_BASE_URL": "http://gpu:1/v1"}, "http://gpu:1/v1"),
        ("llamacpp/m", {"LLAMACPP_BASE_URL": "http://l:1/v1"}, "http://l:1/v1"),
        ("anthropic/claude-haiku-4-5", {"ANTHROPIC_API_KEY": "k"}, None),
        ("google/gemini-x", {"GOOGLE_API_KEY": "k"}, None),
    ],
)
def test_each_provider_is_where_its_own_variables_say(name: str, environment: dict[str, str], url: str | None) -> None:
    """None is its own place, which the table has."""
    chosen = choose(name, environment)
    assert (chosen.name, chosen.base_url) == (name, url)


def test_a_key_goes_to_its_own_provider_only() -> None:
    keys = {"OPENAI_API_KEY": "sk-openai", "VLLM_API_KEY": "sk-vllm"}
    with OpenAIServer(lambda request: "hi") as server:
        choose("vllm/m", keys, server.base_url).model([PROMPT])
        choose("ollama/m", keys, server.base_url).model([PROMPT])
        assert [headers["authorization"] for headers in server.headers] == ["Bearer sk-vllm", "Bearer none"]


def test_what_openrouter_is_told_and_what_it_tells() -> None:
    """It is not to leave out what a model does not take; and it tells what a call cost."""
    usage = {"usage": {"prompt_tokens": 4, "completion_tokens": 2, "cost": 0.0125}}
    with OpenAIServer(lambda request: "hi", faults=iter([Fault(changed=usage)])) as server:
        (completion,) = choose("openrouter/a/b", {"OPENROUTER_API_KEY": "k"}, server.base_url).model([PROMPT])
        assert completion.cost == 0.0125
        assert server.requests[0]["provider"] == {"require_parameters": True}


def test_a_base_url_without_v1_is_noticed() -> None:
    with OpenAIServer(lambda request: "hi") as server:
        model = choose("vllm/small", {}, server.base_url.removesuffix("/v1")).model
        with pytest.raises(ModelUnavailable, match=r"\(404\).*Most base URLs end in /v1"):
            model([PROMPT])


def test_an_sdk_that_is_not_installed_is_named_with_the_line_that_installs_it() -> None:
    missing = replace(PROVIDERS["anthropic"], module="no_such_sdk")
    with pytest.raises(UsageError, match=r"pip install 'selftaught\[anthropic\]'"):
        missing.check_installed()


def test_choosing_imports_no_sdk_and_reaches_no_network() -> None:
    script = """
import socket, sys
def refuse(*_):
    raise AssertionError("the network was reached for")
socket.socket.connect = socket.getaddrinfo = refuse
from selftaught.models.choose import choose_model
keys = {"OPENAI_API_KEY": "k", "ANTHROPIC_API_KEY": "k", "GEMINI_API_KEY": "k"}
for name in ("openai/gpt-4.1", "anthropic/claude-haiku-4-5", "google/gemini-2.5-flash"):
    choose_model(name, base_url=None, environment=keys, seed=1, script=None, max_connections=1)
print([name for name in ("openai", "anthropic", "google.genai", "httpx", "httpx2") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_a_relay_is_chosen_by_its_folder(tmp_path: Path) -> None:
    assert choose(f"relay:{tmp_path}/box").name == f"relay:{tmp_path}/box"
    assert (tmp_path / "box").is_dir()
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot create the folder"):
        choose(f"relay:{tmp_path}/file")


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("example.com", "http://example.com:11434"),
        ("example.com/ollama", "http://example.com:11434/ollama"),
        ("https://example.com", "https://example.com:443"),
        ("https://example.com/ollama", "https://example.com:443/ollama"),
        ("http://example.com", "http://example.com:80"),
        ("http://example.com:5", "http://example.com:5"),
        ("::1", "http://[::1]:11434"),
        ("[::1]:5", "http://[::1]:5"),
        (":5", "http://127.0.0.1:5"),
        (' "127.0.0.1:5" ', "http://127.0.0.1:5"),
    ],
)
def test_ollama_host_is_read_as_ollama_reads_it(host: str, url: str) -> None:
    assert ollama_address(host) == url


@pytest.mark.parametrize(
    ("name", "proposed"), [("gpt-4o", "openai/gpt-4o"), ("o3", "openai/o3"), ("claude-x", "anthropic/claude-x"),
                           ("gemini-3", "google/gemini-3")]
)  # fmt: skip
def test_a_models_name_alone_is_answered_with_its_providers(name: str, proposed: str) -> None:
    with pytest.raises(UsageError, match=f"did you mean {proposed}"):
        choose_model(name, base_url=None, environment={}, seed=0, script=None, max_connections=1)
