"""Names, labels, update masks and pages, as a project would take them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.pubsub_v1 import types

from functions.local.pubsub.policy import FIXED, Subscription
from functions.local.pubsub.refusal import RefusedError
from functions.local.pubsub.resources import check_labels, check_name, merged, page

if TYPE_CHECKING:
    from functions.local.pubsub.message import Proto

NAME = "projects/p/subscriptions/s-1"
Topic = types.Topic.pb()
ListRequest = types.ListTopicsRequest.pb()


@pytest.mark.parametrize("last", ["abc", "a-_.~+%9", "a" * 255])
def test_good_names_pass(last: str) -> None:
    """Law: 3 to 255 of the allowed characters, a letter first."""
    check_name(f"projects/p/topics/{last}", "topics")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "orders",
        "projects/p/topics/ab",
        "projects/p/topics/1abc",
        "projects/p/topics/goog-x",
        "projects/p/topics/a b c",
        "projects/p/topics/" + "a" * 256,
        "projects/p/subscriptions/abc",
        "projects/p/topics/abc/def",
        "projects/p/topics/abc\n",
    ],
)
def test_other_names_are_refused(name: str) -> None:
    """Law: a name that a project would not take is refused, and repeated."""
    with pytest.raises(RefusedError) as refused:
        check_name(name, "topics")
    assert f"(name={name})" in refused.value.message


@pytest.mark.parametrize(
    "labels",
    [
        {"": "v"},
        {"1a": "v"},
        {"Aa": "v"},
        {"a" * 64: "v"},
        {"a": "V"},
        {"a": "v" * 64},
        {"a": "v w"},
        {f"k{n}": "" for n in range(65)},
    ],
)
def test_wrong_labels_are_refused(labels: dict[str, str]) -> None:
    """Law: labels keep the rules of every Google Cloud resource."""
    with pytest.raises(RefusedError, match="labels"):
        check_labels(labels)


def test_good_labels_pass() -> None:
    """Law: empty values, digits, dashes and letters of any script are allowed."""
    check_labels({"a": "", "ä-1_": "9-ß", **{f"k{n}": "v" for n in range(62)}})


def _merge(*paths: str, **change: object) -> Proto:
    current = Subscription(name=NAME, labels={"a": "b"}, ack_deadline_seconds=10)
    current.dead_letter_policy.dead_letter_topic = "projects/p/topics/dead"
    wanted = Subscription(name=NAME, **change)
    result = merged(current, wanted, FieldMask(paths=paths), FIXED)
    assert current.ack_deadline_seconds == 10, "the config in force is not touched"
    return result


def test_only_masked_fields_change() -> None:
    """Law: a mask takes its fields whole from the change and leaves the others."""
    found = _merge("ack_deadline_seconds", ack_deadline_seconds=60, labels={"c": "d"})
    assert found.ack_deadline_seconds == 60
    assert dict(found.labels) == {"a": "b"}
    assert dict(_merge("labels", labels={"c": "d"}).labels) == {"c": "d"}


def test_a_masked_field_that_is_absent_is_cleared() -> None:
    """Law: what the mask names and the change lacks is taken away."""
    assert not _merge("dead_letter_policy").HasField("dead_letter_policy")


def test_a_path_reaches_into_a_message() -> None:
    """Law: `a.b` changes b and leaves the rest of a."""
    change = {"max_delivery_attempts": 7}
    path = "dead_letter_policy.max_delivery_attempts"
    found = _merge(path, dead_letter_policy=change).dead_letter_policy
    assert found.max_delivery_attempts == 7
    assert found.dead_letter_topic == "projects/p/topics/dead"


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        ((), "at least one"),
        (("pushConfig",), "'push_config' rather than"),
        (("labels", "nonsense"), "'nonsense' is not a known Subscription field"),
        (("filter",), "not mutable"),
        (("name",), "not mutable"),
        (("topic",), "not mutable"),
    ],
)
def test_bad_masks_are_refused(paths: tuple[str, ...], names: str) -> None:
    """Law: an empty mask, an unknown and a fixed field are refused by name."""
    with pytest.raises(RefusedError) as refused:
        _merge(*paths)
    assert names in refused.value.message


def test_pages_hold_everything_once_in_order() -> None:
    """Law: following the tokens lists each item exactly once."""
    items = [Topic(name=f"t{n:03}") for n in (4, 2, 0, 3, 1)]
    names: list[str] = []
    token = ""
    while True:
        found, token = page(items, ListRequest(page_size=2, page_token=token))
        names += [item.name for item in found]
        if not token:
            break
        assert len(found) == 2
    assert names == ["t000", "t001", "t002", "t003", "t004"]
    assert len(page(items, ListRequest())[0]) == 5


def test_a_page_has_a_thousand_items_at_most() -> None:
    """Law: a larger page size is cut, and the token leads on."""
    items = [Topic(name=f"t{n:04}") for n in range(1001)]
    found, token = page(items, ListRequest(page_size=5000))
    assert len(found) == 1000
    assert token


@pytest.mark.parametrize("request_", [{"page_token": "x"}, {"page_size": -1}])
def test_bad_pages_are_refused(request_: dict[str, object]) -> None:
    """Law: a token that was never given out is refused."""
    with pytest.raises(RefusedError, match="page"):
        page([], ListRequest(**request_))
