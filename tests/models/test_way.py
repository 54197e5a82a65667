"""The way to a server: proxies and certificates of the environment, each misfit in one line that names its variable."""

import threading

import pytest

from models.conformance import PROMPT
from openai_server import OpenAIServer
from selftaught.core.errors import ModelUnavailable, UsageError
from selftaught.models.served.asking import AskOptions
from selftaught.models.served.endpoint import Endpoint
from selftaught.models.served.openai_chat import OpenAIChat
from selftaught.models.served.providers import PROVIDERS

ELSEWHERE = "http://no-such-host.invalid/v1"


def ask(url: str) -> str:
    return OpenAIChat("small", Endpoint(url), AskOptions())([PROMPT])[0].text


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ALL_PROXY", "socks://127.0.0.1:1080/", "ALL_PROXY.* cannot be used"),
        ("ALL_PROXY", "socks5://127.0.0.1:1080/", "ALL_PROXY.* SOCKS proxy, which needs a package: pip install"),
        ("SSL_CERT_FILE", "/nonexistent.pem", "SSL_CERT_FILE.* cannot be read"),
    ],
)
def test_what_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match=said):
        ask(ELSEWHERE)


def test_what_is_wrong_is_told_by_the_call_and_not_while_it_is_prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    model = OpenAIChat("small", Endpoint(ELSEWHERE), AskOptions())
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent.pem")
    model.prepare()
    _wait_for_the_sdk()
    with pytest.raises(UsageError, match="SSL_CERT_FILE"):
        model([PROMPT])


def test_what_was_prepared_is_used() -> None:
    with OpenAIServer(lambda request: "hello") as server:
        model = OpenAIChat("small", Endpoint(server.base_url), AskOptions())
        model.prepare()
        _wait_for_the_sdk()
        prepared = model._client._made
        assert prepared is not None and not server.requests
        assert model([PROMPT])[0].text == "hello" and model._client() is prepared


def _wait_for_the_sdk() -> None:
    for thread in threading.enumerate():
        if thread.name == "sdk":
            thread.join()


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_no_proxy_leads_to_this_machine(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "http://127.0.0.1:9")
    with OpenAIServer(lambda request: "hello") as server:
        assert ask(server.base_url) == "hello"


def test_a_call_that_failed_by_way_of_a_proxy_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = {"HTTP_PROXY": "http://127.0.0.1:9"}
    monkeypatch.setenv("HTTP_PROXY", proxy["HTTP_PROXY"])
    server = PROVIDERS["openai"].server("http://model.invalid/v1", proxy, "small")
    with pytest.raises(ModelUnavailable, match="through the proxy of HTTP_PROXY"):
        OpenAIChat("small", server, AskOptions())([PROMPT])


def test_several_variables_that_are_not_for_this_machine_are_several() -> None:
    named = {"SSL_CERT_FILE": "/no/such.pem", "SSL_CERT_DIR": "/no/such", "OPENAI_API_KEY": "x"}
    server = PROVIDERS["openai"].server("http://127.0.0.1:9/v1", named, "m")
    with pytest.raises(ModelUnavailable, match="SSL_CERT_FILE, SSL_CERT_DIR have no effect for this machine itself"):
        OpenAIChat("m", server, AskOptions())([PROMPT])


@pytest.mark.parametrize(
    ("name", "value"),
    [("ALL_PROXY", "socks://127.0.0.1:1080/"), ("HTTP_PROXY", "http://127.0.0.1:9"), ("SSL_CERT_FILE", "/no/such.pem")],
)
def test_a_variable_that_is_not_for_this_machine_is_named_where_it_cannot_be_reached(name: str, value: str) -> None:
    server = PROVIDERS["openai"].server("http://127.0.0.1:9/v1", {name: value, "OPENAI_API_KEY": "x"}, "m")
    with pytest.raises(ModelUnavailable, match=f"called directly: {name} has no effect for this machine itself"):
        OpenAIChat("m", server, AskOptions())([PROMPT])
