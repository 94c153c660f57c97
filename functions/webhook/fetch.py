"""Reference pictures from the web, from hosts that the operator named.

Law: exactly one request, to exactly the host that was asked for, without credentials,
proxies, redirects or encodings; bounded in bytes and in time; no error text repeats
the address, which may be signed.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import httpx

from functions.job.errors import NeighbourUnavailableError, ReferenceRefusedError
from functions.webhook.wire import BROKEN, DeadlineWire, LateError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Iterator

    from functions.job.ports import Clock, Sniff

LIMIT: Final = 20_000_000  # bytes
TIME: Final = 30.0  # s for the whole picture, from the first look to the last byte
_LONGEST: Final = 8 * 1024  # characters of an address
_PORT_MAX: Final = 65_535
_UNKNOWN: Final = "application/octet-stream"
# One reading of an address, and a narrow one: no user, no backslash, no control
# character, nothing that another parser could take for another host.
_ADDRESS: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?(?P<target>/[!-\[\]-~]*)?",
    re.ASCII,
)
_DEFAULT: Final = {"https": 443, "http": 80}
_LOOPBACK: Final = "127.0.0.1"
_PASSING: Final = frozenset((408, 425, 429, 500, 502, 503, 504))
_OK: Final = 200


@dataclass(frozen=True, slots=True)
class WebReference:
    """A reference picture that was fetched whole; keeps `ports.Reference`."""

    data: bytes = field(repr=False)
    content_type: str

    @property
    def size(self) -> int:
        """Return the length in bytes."""
        return len(self.data)

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes from the start; may be called again for a repeat."""
        yield self.data


class ListedFetch:
    """Fetches from listed hosts: `example.com`, `example.com:8443`.

    An entry `http://127.0.0.1:8080` allows that one port of this machine, for the
    local stack; no other plain http is ever fetched.
    """

    def __init__(
        self,
        hosts: Iterable[str],
        sniff: Sniff,
        clock: Clock,
        *,
        limit: int = LIMIT,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._allowed = frozenset(filter(None, map(_entry, hosts)))
        self._sniff = sniff
        self._clock = clock
        self._limit = limit
        self._transport = transport  # instead of a connection of our own
        self._tls: ssl.SSLContext | None = None  # made when first needed: slow

    def __call__(self, uri: str) -> WebReference:
        """Return the picture behind `uri`, fetched whole.

        Raises:
            ReferenceRefusedError: the address, its size or its type is not allowed.
            NeighbourUnavailableError: the host did not answer; try again later.

        """
        request = self._permit(uri)
        until = self._clock.now() + TIME
        try:
            with (
                self._connected(request, until) as transport,
                contextlib.closing(transport.handle_request(request)) as response,
            ):
                data = self._read(response, until)
        except LateError:
            raise NeighbourUnavailableError(
                f"the host of a reference did not send it within {TIME:g} s; the"
                " queue delivers again"
            ) from None
        except BROKEN as error:
            raise NeighbourUnavailableError(
                "the host of a reference did not send it"
                f" ({type(error).__name__}); the queue delivers again"
            ) from None
        return WebReference(data, self._type(data))

    def close(self) -> None:
        """Close what was given; connections of our own never outlive a fetch."""
        if self._transport is not None:
            self._transport.close()

    @contextlib.contextmanager
    def _connected(
        self, request: httpx.Request, until: float
    ) -> Iterator[httpx.BaseTransport]:
        if self._transport is not None:
            yield self._transport
            return
        if self._tls is None and request.url.scheme == "https":
            self._tls = httpx.create_ssl_context(trust_env=False)
        with contextlib.closing(DeadlineWire(self._clock, until, self._tls)) as wire:
            yield wire

    def _permit(self, uri: str) -> httpx.Request:
        if len(uri) > _LONGEST:
            raise _bad_address()
        scheme, rest = uri.partition("://")[::2]
        host, slash, path = rest.partition("/")
        found = _ADDRESS.fullmatch(
            f"{scheme.lower()}://{host.lower()}{slash}{path.partition('#')[0]}"
        )
        if found is None:
            raise _bad_address()
        if _origin(found) not in self._allowed:
            raise ReferenceRefusedError(
                "host_not_allowed",
                "the host of a reference is not in the allow-list: add it to"
                " PLANTAIN_REFERENCE_HOSTS, or put the picture into a bucket, then send"
                " it again under a new id",
            )
        headers = {"Accept-Encoding": "identity", "User-Agent": "plantain"}
        try:
            return httpx.Request("GET", found[0], headers=headers)
        except httpx.InvalidURL:
            raise _bad_address() from None

    def _read(self, response: httpx.Response, until: float) -> bytes:
        self._check(response)
        data = bytearray()
        for chunk in response.iter_raw():
            data += chunk
            if len(data) > self._limit:
                raise self._too_large()
            if self._clock.now() > until:
                raise LateError
        return bytes(data)

    def _check(self, response: httpx.Response) -> None:
        """Refuse by status and headers, before any byte is read."""
        status = response.status_code
        if status in _PASSING:
            raise NeighbourUnavailableError(
                f"the host of a reference answered {status}; the queue delivers again"
            )
        if status != _OK:
            raise ReferenceRefusedError(
                "redirect" if response.has_redirect_location else "not_found",
                f"the host of a reference answered {status}: give the address where"
                " the picture itself is, readable by anyone",
            )
        if response.headers.get("content-encoding", "identity") != "identity":
            raise ReferenceRefusedError(
                "encoded",
                "the host of a reference sends it with a Content-Encoding: give an"
                " address without",
            )
        length = response.headers.get("content-length", "")
        if length.isdecimal() and int(length[:20]) > self._limit:
            raise self._too_large()

    def _too_large(self) -> ReferenceRefusedError:
        return ReferenceRefusedError(
            "too_large",
            f"a reference must be at most {self._limit:,} bytes: make it smaller",
        )

    def _type(self, data: bytes) -> str:
        sniffer = self._sniff()
        sniffer.feed(data)
        found = sniffer.facts().content_type
        if found == _UNKNOWN:
            raise ReferenceRefusedError(
                "not_a_picture",
                "a reference is no picture by its bytes: send PNG, JPEG or WebP",
            )
        return found


def _bad_address() -> ReferenceRefusedError:
    return ReferenceRefusedError(
        "bad_address",
        "a web reference must be https://host/path, without user, spaces or"
        f" backslashes, at most {_LONGEST:,} characters long",
    )


_Origin = tuple[str, str, int]


def _entry(text: str) -> _Origin | None:
    """Read one entry of the allow-list; what cannot be read allows nothing."""
    plain = text.lower().rstrip("/")
    found = _ADDRESS.fullmatch(plain if "://" in plain else f"https://{plain}")
    if found is None or found["target"] or int(found["port"] or 1) > _PORT_MAX:
        return None
    if found["scheme"] == "http" and found["host"] != _LOOPBACK:
        return None
    return _origin(found)


def _origin(found: re.Match[str]) -> _Origin:
    port = int(found["port"] or _DEFAULT[found["scheme"]])
    return found["scheme"], found["host"], port
