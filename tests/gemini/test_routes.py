"""Laws of a route: refused when unusable, and its key never shown."""

from __future__ import annotations

import pytest

from functions.clock import SystemClock
from functions.gemini.client import NativeModel
from functions.gemini.routes import Route, native
from functions.job.errors import ConfigurationError


def route(base_url: str = "https://api.example", key: str = "AQ.secret") -> Route:
    return Route(name="studio", base_url=base_url, key=key)


def test_the_key_is_not_shown() -> None:
    """Neither repr nor an error repeats it."""
    assert "secret" not in repr(route())
    for key in ("secret\n", "", "  ", "sécret", "secret\0"):
        with pytest.raises(ConfigurationError) as caught:
            route(key=key)
        assert "cret" not in str(caught.value)
        assert "studio" in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["", "api.example", "ftp://api.example", "https://", "http://api.example"],
)
def test_an_address_that_cannot_be_asked_safely_is_refused(url: str) -> None:
    """A key travels over TLS, or not beyond this machine."""
    with pytest.raises(ConfigurationError):
        route(url)


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.1:8080/", True),
        ("http://localhost:1", True),
        ("http://[::1]:1", True),
        ("https://127.9.9.9", True),
        ("https://8.8.8.8", False),
        ("https://localhost.example", False),
    ],
)
def test_what_counts_as_this_machine(url: str, local: bool) -> None:
    """Only loopback addresses do."""
    assert route(url).local is local
    assert not route(url).base_url.endswith("/")


def test_native_builds_the_model() -> None:
    """The model carries the route's name and opens nothing yet."""
    model = native(route(), clock=SystemClock(), drains=4)
    assert isinstance(model, NativeModel)
    assert model.route == "studio"
