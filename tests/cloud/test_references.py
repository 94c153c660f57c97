from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import pytest

from functions.cloud.media import Media
from functions.cloud.places import Places
from functions.cloud.references import AddressedReferences
from functions.image.sniff import PictureSniffer
from functions.job.errors import NeighbourUnavailableError, ReferenceRefusedError
from functions.local.faults import Action, Rule
from tests.cloud.conftest import noise

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.job.ports import Reference
    from tests.cloud.conftest import Stand

LIMIT: Final = 500_000
MAGIC: Final = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\x00\x01\x00\x00\x00\x01"
PICTURE: Final = MAGIC + noise(300_000)
READ: Final = "GET /storage/v1/b/inbox"


def references(stand: Stand) -> AddressedReferences:
    stand.app.create_bucket("inbox")
    stand.app.create_bucket("state")

    def fetch(uri: str) -> Reference:
        raise ReferenceRefusedError("fetched", uri)

    places = Places(["inbox/in", "missing", "state"], never=["state"])
    return AddressedReferences(stand.media, places, PictureSniffer, fetch, limit=LIMIT)


def reason(to: AddressedReferences, uri: str) -> str:
    with pytest.raises(ReferenceRefusedError) as caught:
        to.open(uri)
    return caught.value.reason


@pytest.mark.parametrize("data", [PICTURE, MAGIC], ids=["large", "small"])
def test_an_object_is_measured_then_read_as_often_as_asked(
    stand: Stand, data: bytes
) -> None:
    """Size and type are known before a byte more is read; a repeat reads again."""
    opener = references(stand)
    stand.put("in/a b.png", data, "inbox", contentType="text/html")
    found = opener.open("gs://inbox/in/a b.png")
    assert (found.content_type, found.size) == ("image/png", len(data))
    for _ in range(2):
        chunks = list(found.chunks())
        assert b"".join(chunks) == data
        assert max(map(len, chunks)) <= 1 << 16


@pytest.mark.parametrize("action", ["status", "drop", "drop_after"])
@pytest.mark.parametrize("nth", [1, 2, 3], ids=["describe", "type", "read"])
def test_a_fault_costs_a_repeat(stand: Stand, action: Action, nth: int) -> None:
    """Neither looking nor reading gives up at the first loss."""
    opener = references(stand)
    stand.put("in/a", PICTURE, "inbox")
    stand.fault(Rule(READ, action, nth=nth))
    assert b"".join(opener.open("gs://inbox/in/a").chunks()) == PICTURE


def test_reading_goes_on_where_it_was_cut(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection lost in the middle costs the rest, not the whole."""
    opener = references(stand)
    stand.put("in/a", PICTURE, "inbox")
    found = opener.open("gs://inbox/in/a")
    asked: list[str] = []
    stream = Media.stream

    def cut(self: Media, url: str, headers: dict[str, str], **rest: object) -> object:
        asked.append(headers.get("Range", "whole"))
        if len(asked) == 1:
            headers = {"Range": "bytes=0-99999"}
        return stream(self, url, headers, **rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Media, "stream", cut)
    monkeypatch.setattr("functions.cloud.references._OK", 206)
    assert b"".join(found.chunks()) == PICTURE
    assert asked == ["whole", f"bytes=100000-{len(PICTURE) - 1}"]


def test_the_bytes_are_those_that_were_measured(stand: Stand) -> None:
    """The generation is pinned: a replaced object is gone, never half mixed in."""
    opener = references(stand)
    first = stand.put("in/a", PICTURE, "inbox")
    found = opener.open("gs://inbox/in/a")
    stand.put("in/a", PICTURE[::-1], "inbox")
    with pytest.raises(ReferenceRefusedError) as caught:
        list(found.chunks())
    assert caught.value.reason == "not_found"
    assert reason(opener, f"gs://inbox/in/a#{first}") == "not_found"


def test_damaged_bytes_are_noticed_at_the_end(stand: Stand) -> None:
    """The checksum of what came is compared with what was stored."""
    opener = references(stand)
    stand.put("in/a", PICTURE, "inbox")
    found = opener.open("gs://inbox/in/a")
    found._crc32c = "AAAAAA=="  # type: ignore[attr-defined]
    with pytest.raises(NeighbourUnavailableError, match="other bytes"):
        list(found.chunks())


def test_a_bucket_that_stays_away_is_for_the_queue(stand: Stand) -> None:
    """Opening and reading both end in time."""
    opener = references(stand)
    stand.put("in/a", PICTURE, "inbox")
    found = opener.open("gs://inbox/in/a")
    stand.fault(Rule(READ, "status", times=10_000))
    with pytest.raises(NeighbourUnavailableError):
        opener.open("gs://inbox/in/a")
    with pytest.raises(NeighbourUnavailableError):
        list(found.chunks())


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("gs://inbox/out/a", "not_allowed"),
        ("gs://state/jobs/h/record.json", "not_allowed"),
        ("gs://other/in/a", "not_allowed"),
        ("gs://inbox", "bad_address"),
        ("gs://inbox/in/a#9999999999999999999", "bad_address"),
        ("gs://inbox/in/../x", "bad_address"),
        ("gs://inbox/in/none", "not_found"),
        ("gs://missing/a", "not_found"),
        ("ftp://host/a.png", "bad_scheme"),
        ("file:///etc/passwd", "bad_scheme"),
        ("/etc/passwd", "bad_scheme"),
        ("", "bad_scheme"),
        ("https://host/a.png?sig=x", "fetched"),
        ("HTTP://host/a.png", "fetched"),
        ("data:image/png,abc", "bad_address"),
        ("data:image/png;base64", "bad_address"),
        ("data:image/png;base64,####", "bad_base64"),
        ("data:image/png;base64,ä", "bad_base64"),
        ("data:image/png;base64,A", "bad_base64"),
        ("data:image/png;base64," + "A" * 700_000, "too_large"),
        ("data:image/png;base64,aGVsbG8=", "not_a_picture"),
        ("data:image/png;base64,", "not_a_picture"),
    ],
)
def test_what_is_not_allowed_is_refused_by_name(
    stand: Stand, uri: str, expected: str
) -> None:
    """Each refusal has a stable word that an event can carry."""
    assert reason(references(stand), uri) == expected


@pytest.mark.parametrize(
    ("data", "meta", "expected"),
    [
        (b"%PDF-1.7 " + noise(100), {}, "not_a_picture"),
        (b"", {}, "not_a_picture"),
        (MAGIC, {"contentEncoding": "gzip"}, "encoded"),
        (MAGIC + noise(LIMIT), {}, "too_large"),
    ],
    ids=["a document", "nothing", "compressed", "too large"],
)
def test_an_object_is_judged_by_its_bytes(
    stand: Stand, data: bytes, meta: dict[str, str], expected: str
) -> None:
    """Not by the type that its owner wrote beside it."""
    opener = references(stand)
    stand.put("in/a", data, "inbox", **{"contentType": "image/png", **meta})
    assert reason(opener, "gs://inbox/in/a") == expected


def test_a_missing_right_is_named_with_its_remedy(stand: Stand) -> None:
    """The operator reads which role to give."""
    opener = references(stand)
    stand.put("in/a", PICTURE, "inbox")
    stand.fault(Rule(READ, "status", status=403))
    with pytest.raises(ReferenceRefusedError, match="objectViewer"):
        opener.open("gs://inbox/in/a")


@pytest.mark.parametrize("uri", ["gs://inbox/in/none", "gs://other/a"])
def test_a_remedy_says_that_the_same_id_stays_refused(stand: Stand, uri: str) -> None:
    """The same request under the same id is told the same for ever."""
    with pytest.raises(ReferenceRefusedError, match="again under a new id"):
        references(stand).open(uri)


@pytest.mark.parametrize("status", [400, 405, 409, 410, 416, 451])
@pytest.mark.parametrize("nth", [1, 2, 3], ids=["describe", "type", "read"])
def test_what_no_repeat_changes_is_refused_by_name(
    stand: Stand, status: int, nth: int
) -> None:
    """A 4xx stays a 4xx, whether while looking or while reading."""
    opener = references(stand)
    stand.put("in/a", PICTURE, "inbox")
    stand.fault(Rule(READ, "status", nth=nth, status=status))
    with pytest.raises(ReferenceRefusedError, match=f"{status}.*new id") as caught:
        list(opener.open("gs://inbox/in/a").chunks())
    assert (caught.value.reason, caught.value.field) == ("rejected", "images")


@pytest.mark.parametrize("status", [401, 412, 501])
@pytest.mark.parametrize("nth", [1, 3], ids=["describe", "read"])
def test_what_may_pass_is_for_the_queue(stand: Stand, status: int, nth: int) -> None:
    """A token, a server's mistake: another delivery may do better."""
    opener = references(stand)
    stand.put("in/a", PICTURE, "inbox")
    stand.fault(Rule(READ, "status", nth=nth, times=10_000, status=status))
    with pytest.raises(NeighbourUnavailableError, match=str(status)):
        list(opener.open("gs://inbox/in/a").chunks())


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("size", [0, 1, 2])
@pytest.mark.parametrize("dress", ["plain", "bare", "percent"])
def test_data_is_read_in_either_alphabet(
    stand: Stand, encode: Callable[[bytes], bytes], size: int, dress: str
) -> None:
    """Padded or not, percent-encoded or not: the same bytes."""
    data = MAGIC + b"\xfb\xff\xbe" + noise(1000 + size)
    text = encode(data).decode()
    text = {"plain": text, "bare": text.rstrip("="), "percent": quote(text, safe="")}[
        dress
    ]
    found = references(stand).open(f"data:image/jpeg;BASE64,{text}")
    assert (found.content_type, found.size) == ("image/png", len(data))
    assert b"".join(found.chunks()) == b"".join(found.chunks()) == data


def test_no_error_repeats_an_address(stand: Stand) -> None:
    """Names of objects and bytes of pictures stay out of logs."""
    opener = references(stand)
    for uri in ("gs://inbox/secret/x", "gs://inbox/in/secret", "data:;base64,secret#"):
        with pytest.raises(ReferenceRefusedError) as caught:
            opener.open(uri)
        assert "secret" not in str(caught.value)
