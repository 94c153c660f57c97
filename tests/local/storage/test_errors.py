"""Laws of errors: both shapes, escaped, with the words clients look for."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from functions.local.storage.errors import (
    ApiError,
    condition_not_met,
    invalid,
    no_bucket,
    no_object,
    not_built,
)


@pytest.mark.parametrize(
    ("error", "status", "reason", "code"),
    [
        (no_bucket(), 404, "notFound", "NoSuchBucket"),
        (no_object("b", "<&>"), 404, "notFound", "NoSuchKey"),
        (condition_not_met(), 412, "conditionNotMet", "PreconditionFailed"),
        (invalid("x"), 400, "invalid", "InvalidArgument"),
        (not_built("x"), 501, "notImplemented", "NotImplemented"),
    ],
)
def test_each_error_has_both_shapes(
    error: ApiError, status: int, reason: str, code: str
) -> None:
    """The JSON names code and reason, the XML is well formed and names its code."""
    resource = error.resource()["error"]
    assert isinstance(resource, dict)
    assert resource["code"] == status
    assert resource["errors"][0]["reason"] == reason
    document = ET.fromstring(error.document())  # noqa: S314  # our own text
    assert document.findtext("Code") == code
    assert document.findtext("Message") == error.message
