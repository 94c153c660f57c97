from __future__ import annotations

from typing import TYPE_CHECKING, Final

import httpx
import pytest
from hypothesis import given as each
from hypothesis import strategies as st
from typing_extensions import override

from functions.image.sniff import PictureSniffer
from functions.job.errors import NeighbourUnavailableError, ReferenceRefusedError
from functions.local.serving import Background
from functions.webhook.fetch import ListedFetch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from functions.local.serving import Receive, Scope, Send

PICTURE: Final = b"\x89PNG\r\n\x1a\n" + bytes(1000)
SECRET: Final = "https://pics.example/a.png?signature=secret"


def body(
    content: bytes = PICTURE, headers: dict[str, str] | None = None
) -> httpx.Response:
    """Return an answer whose body is still to be read, as a real one's is."""
    return httpx.Response(200, headers=headers, stream=httpx.ByteStream(content))


class StillClock:
    def __init__(self, step: float = 0.0) -> None:
        self.at = 0.0
        self.step = step

    def now(self) -> float:
        self.at += self.step
        return self.at

    def wait(self, seconds: float) -> None:
        self.at += seconds


class Host(httpx.BaseTransport):
    """One host on the web: remembers requests, answers as told."""

    def __init__(
        self, answer: Callable[[httpx.Request], httpx.Response] | None = None
    ) -> None:
        self.requests: list[httpx.Request] = []
        self._answer = answer or (lambda _: body())

    @override
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self._answer(request)


def fetch(
    host: Host | None = None,
    hosts: tuple[str, ...] = ("pics.example", "alt.example:8443"),
    step: float = 0.0,
) -> ListedFetch:
    return ListedFetch(
        hosts, PictureSniffer, StillClock(step), limit=5_000, transport=host or Host()
    )


def reason(made: ListedFetch, uri: str = SECRET) -> str:
    with pytest.raises(ReferenceRefusedError) as caught:
        made(uri)
    assert "secret" not in str(caught.value)
    return caught.value.reason


@pytest.mark.parametrize(
    "uri",
    [
        "https://pics.example/a.png",
        "HTTPS://PICS.example/a.png?x=1&y=%20#part",
        "https://pics.example:443/",
        "https://alt.example:8443/a",
        "https://pics.example",
        "https://pics.example/" + "a" * 8_171,
    ],
)
def test_a_listed_host_is_asked_once_and_plainly(uri: str) -> None:
    """One request, no credentials, no encodings, no fragment; the bytes as they are."""
    host = Host()
    found = fetch(host)(uri)
    assert (found.content_type, found.size) == ("image/png", len(PICTURE))
    assert b"".join(found.chunks()) == b"".join(found.chunks()) == PICTURE
    (request,) = host.requests
    assert request.headers["accept-encoding"] == "identity"
    assert {"authorization", "cookie", "referer"}.isdisjoint(request.headers)
    assert request.url.fragment == ""


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("https://other.example/a", "host_not_allowed"),
        ("https://pics.example.evil.test/a", "host_not_allowed"),
        ("https://evil.pics.example/a", "host_not_allowed"),
        ("https://pics.example:8443/a", "host_not_allowed"),
        ("https://alt.example/a", "host_not_allowed"),
        ("http://pics.example/a", "host_not_allowed"),
        ("https://169.254.169.254/computeMetadata/v1/", "host_not_allowed"),
        ("http://127.0.0.1/", "host_not_allowed"),
        ("https://pics.example./a", "bad_address"),
        ("https://pics.example@evil.test/a", "bad_address"),
        ("https://user:secret@pics.example/a", "bad_address"),
        ("https://evil.test\\@pics.example/a", "bad_address"),
        ("https://pics.example\\.evil.test/a", "bad_address"),
        ("https://pics.example/a b", "bad_address"),
        ("https://pics.example/\r\nHost: evil.test", "bad_address"),
        ("https://pics.example/ä", "bad_address"),
        ("https://pics.exämple/a", "bad_address"),
        ("https://pics.example:0443/a", "bad_address"),
        ("https://pics.example:/a", "bad_address"),
        ("https://pics.example?x", "bad_address"),
        ("https://[::1]/a", "bad_address"),
        ("https:///pics.example/a", "bad_address"),
        ("https:/pics.example/a", "bad_address"),
        ("https:pics.example/a", "bad_address"),
        (" https://pics.example/a", "bad_address"),
        ("https://", "bad_address"),
        ("", "bad_address"),
        ("https://pics.example/" + "a" * 8_172, "bad_address"),
        ("https://pics.example/" + "a" * 70_000, "bad_address"),
        ("https://pics.example:65536/a", "host_not_allowed"),
    ],
)
def test_nothing_else_is_asked_at_all(uri: str, expected: str) -> None:
    """Exact host and port; an address that two parsers could read is none."""
    host = Host()
    assert reason(fetch(host), uri) == expected
    assert host.requests == []


def test_a_remedy_says_that_the_same_id_stays_refused() -> None:
    """The same request under the same id is told the same for ever."""
    with pytest.raises(ReferenceRefusedError, match="again under a new id"):
        fetch()("https://other.example/a")


@each(st.text())
def test_any_text_ends_with_a_name(text: str) -> None:
    """No address makes an untyped error, and none reaches an unlisted host."""
    host = Host()
    for uri in (text, f"https://{text}", f"https://pics.example{text}"):
        try:
            fetch(host)(uri)
        except ReferenceRefusedError as refused:
            assert refused.reason in {"bad_address", "host_not_allowed"}  # noqa: PT017
    assert {request.url.host for request in host.requests} <= {"pics.example"}


@pytest.mark.parametrize(
    ("entry", "uri", "allowed"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/a", True),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8081/a", False),
        ("http://127.0.0.1:8080", "https://127.0.0.1:8080/a", False),
        ("http://pics.example", "http://pics.example/a", False),
        ("https://pics.example/", "https://pics.example/a", True),
        ("PICS.example", "https://pics.example/a", True),
        ("pics.example/folder", "https://pics.example/folder/a", False),
        ("*", "https://pics.example/a", False),
        ("pics.example:65536", "https://pics.example:65536/a", False),
        ("", "https://pics.example/a", False),
    ],
)
def test_an_entry_allows_exactly_what_it_says(
    entry: str, uri: str, *, allowed: bool
) -> None:
    """Plain http only on this machine; what cannot be read allows nothing."""
    made = fetch(hosts=(entry,))
    if allowed:
        assert made(uri).size == len(PICTURE)
    else:
        assert reason(made, uri) == "host_not_allowed"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (httpx.Response(302, headers={"location": "https://evil.test/"}), "redirect"),
        (httpx.Response(404), "not_found"),
        (httpx.Response(403), "not_found"),
        (httpx.Response(204), "not_found"),
        (body(PICTURE, {"content-encoding": "gzip"}), "encoded"),
        (body(PICTURE, {"content-length": "5001"}), "too_large"),
        (body(PICTURE + bytes(5_000)), "too_large"),
        (body(b"<html>sign in</html>"), "not_a_picture"),
        (body(b""), "not_a_picture"),
    ],
)
def test_an_answer_that_is_no_picture_is_refused_by_name(
    given: httpx.Response, expected: str
) -> None:
    """By status, headers, length announced, length that came, and magic bytes."""
    host = Host(lambda _: given)
    assert reason(fetch(host)) == expected
    assert len(host.requests) == 1


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_what_may_pass_is_for_the_queue(status: int) -> None:
    """A host in trouble is no reason to refuse the job."""
    with pytest.raises(NeighbourUnavailableError, match=str(status)):
        fetch(Host(lambda _: httpx.Response(status)))(SECRET)


@pytest.mark.parametrize(
    "error", [httpx.ConnectError, httpx.ReadTimeout, httpx.RemoteProtocolError]
)
def test_a_lost_connection_is_for_the_queue(
    error: type[httpx.TransportError],
) -> None:
    """And the error says how, not where."""

    def fail(request: httpx.Request) -> httpx.Response:
        raise error(str(request.url))

    with pytest.raises(NeighbourUnavailableError, match=error.__name__) as caught:
        fetch(Host(fail))(SECRET)
    assert "secret" not in str(caught.value)


def test_a_slow_host_is_left_in_time() -> None:
    """Drops that keep coming do not hold a worker for ever."""

    def drip() -> Iterator[bytes]:
        while True:
            yield b"x"

    class Drip(httpx.SyncByteStream):
        @override
        def __iter__(self) -> Iterator[bytes]:
            return drip()

    host = Host(lambda _: httpx.Response(200, stream=Drip()))
    with pytest.raises(NeighbourUnavailableError, match="30 s"):
        fetch(host, step=1.0)(SECRET)


def test_an_address_that_httpx_cannot_read_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Should two readings differ after all, it is a refusal and no crash."""

    def unreadable(*_: object, **__: object) -> None:
        raise httpx.InvalidURL("secret")

    monkeypatch.setattr(httpx, "Request", unreadable)
    assert reason(fetch()) == "bad_address"


def test_over_a_real_connection_proxies_of_the_environment_are_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same over a socket, with a proxy set that nobody should ask."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        length = str(len(PICTURE)).encode()
        start = {"type": "http.response.start", "status": 200}
        await send({**start, "headers": [(b"content-length", length)]})
        await send({"type": "http.response.body", "body": PICTURE})

    with Background(app) as (url,):
        made = ListedFetch((url,), PictureSniffer, StillClock())
        assert made(f"{url}/a.png").data == PICTURE
        made.close()
    made.close()
    fetch().close()
