"""Laws of signed URLs: served while they live, refused after, by our clock."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, cast
from unittest import mock

import pytest
from google.auth import credentials as google_credentials
from typing_extensions import override

from functions.local.storage.errors import ApiError
from functions.local.storage.signed import check_signed

if TYPE_CHECKING:
    from tests.local.storage.conftest import Emulator

_NOW = 1_800_000_000.0
_GOOD = {
    "X-Goog-Algorithm": "GOOG4-RSA-SHA256",
    "X-Goog-Credential": "a@b/20270115/auto/storage/goog4_request",
    "X-Goog-Date": "20270115T080000Z",
    "X-Goog-Expires": "60",
    "X-Goog-SignedHeaders": "host",
    "X-Goog-Signature": "00",
}


class _Signer(google_credentials.Signing, google_credentials.Credentials):
    """Signs with nothing: the emulator does not look at it."""

    signer_email = "signer@demo-project.iam.gserviceaccount.com"
    signer = None

    @override
    def sign_bytes(self, message: bytes) -> bytes:
        return b"signature"

    @override
    def refresh(self, request: object) -> None:
        raise NotImplementedError


_SIGNER: Any = cast("Any", _Signer)()


def _sign(emulator: Emulator, name: str, method: str) -> str:
    now = dt.datetime.fromtimestamp(emulator.clock.now(), dt.UTC)
    moment = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    with mock.patch(
        "google.cloud.storage._signing.get_v4_now_dtstamps", return_value=moment
    ):
        url = emulator.bucket.blob(name).generate_signed_url(
            version="v4",
            expiration=300,
            method=method,
            credentials=_SIGNER,
            api_access_endpoint=emulator.url,
        )
    assert isinstance(url, str)
    return url


def test_a_signed_url_is_served_until_it_expires(emulator: Emulator) -> None:
    """The client's own V4 URL works for its life, then it is a 400 ExpiredToken."""
    emulator.put("d/ü ?.png", b"png")
    url = _sign(emulator, "d/ü ?.png", "GET")
    assert emulator.http.get(url).content == b"png"
    assert emulator.http.head(url).headers["content-length"] == "3"
    emulator.clock.step(301)
    late = emulator.http.get(url)
    assert late.status_code == 400
    assert "<Code>ExpiredToken</Code>" in late.text


def test_a_signed_put_stores(emulator: Emulator) -> None:
    """A signed PUT makes the object; an expired one makes none."""
    assert (
        emulator.http.put(_sign(emulator, "a", "PUT"), content=b"x").status_code == 200
    )
    late = _sign(emulator, "b", "PUT")
    emulator.clock.step(301)
    assert emulator.http.put(late, content=b"x").status_code == 400
    assert emulator.names() == ["a"]


def test_unsigned_and_good_urls_pass() -> None:
    """No signature at all is no signed URL; a complete one in its time passes."""
    check_signed({"generation": "7"}, _NOW)
    check_signed(_GOOD, _NOW)
    check_signed({key.lower(): value for key, value in _GOOD.items()}, _NOW + 60)


@pytest.mark.parametrize("field", sorted(_GOOD))
def test_an_incomplete_signed_url_is_refused(field: str) -> None:
    """A URL that lost one of its fields is a 400 that names it."""
    with pytest.raises(ApiError, match=field.lower()):
        check_signed({k: v for k, v in _GOOD.items() if k != field}, _NOW)


@pytest.mark.parametrize(
    "change",
    [
        {"X-Goog-Date": "2027-01-15"},
        {"X-Goog-Date": "20270115T090000Z"},
        {"X-Goog-Date": "20270115T075859Z"},
        {"X-Goog-Expires": "604801"},
        {"X-Goog-Expires": "0"},
        {"X-Goog-Expires": "-5"},
        {"X-Goog-Algorithm": "none"},
    ],
)
def test_a_signed_url_out_of_its_time_is_refused(change: dict[str, str]) -> None:
    """Malformed, too early, too long or too late: a 400."""
    with pytest.raises(ApiError) as raised:
        check_signed({**_GOOD, **change}, _NOW)
    assert raised.value.status == 400
