"""Laws of the sockets: TLS checked, the environment ignored, nothing left open."""

from __future__ import annotations

import httpx
import pytest

from functions.gemini.wire import Wire, watched
from tests.gemini.test_client import good
from tests.gemini.wire_server import RawServer


class StopError(Exception):
    pass


def stop() -> None:
    raise StopError


def test_the_watch_is_asked_before_anything_is_written() -> None:
    """A watch that says stop keeps the request here."""
    with RawServer(good) as server, httpx.Client(transport=Wire(tls=False)) as client:
        with watched(stop), pytest.raises(StopError):
            client.post(server.url, content=b"x")
        assert client.post(server.url, content=b"x").status_code == 200
    assert len(server.requests) == 1


def test_the_environment_names_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that would see the key is not asked."""
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with RawServer(good) as server:
        client = httpx.Client(transport=Wire(tls=False), trust_env=False)
        assert client.post(server.url, content=b"x").status_code == 200
        client.close()
