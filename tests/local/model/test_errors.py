from __future__ import annotations

from functions.local.model import errors


def test_the_envelope_is_googles() -> None:
    """code, message and status; details only where there are some."""
    body = errors.ApiError(404, "gone").body
    assert body == {"error": {"code": 404, "message": "gone", "status": "NOT_FOUND"}}


def test_an_empty_status_is_left_out() -> None:
    """Some recorded errors carry no status at all."""
    assert "status" not in errors.ApiError(400, "x", status="").body["error"]


def test_a_wrong_key_differs_from_a_bad_request_only_in_its_reason() -> None:
    """As recorded: 400 INVALID_ARGUMENT, ErrorInfo says API_KEY_INVALID."""
    error = errors.key_invalid().body["error"]
    assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT")
    assert error["details"][0]["reason"] == "API_KEY_INVALID"
    assert error["details"][0]["metadata"] == {
        "service": "generativelanguage.googleapis.com"
    }


def test_any_status_has_a_phrase() -> None:
    """A status without a name in HTTP still makes an error."""
    assert errors.plain(503).body["error"]["status"] == "UNAVAILABLE"
    assert errors.plain(599).body["error"]["message"] == "Status 599."


def test_what_is_missing_is_named() -> None:
    """A 501 says which part is not there yet."""
    error = errors.not_implemented("the Batch API")
    assert error.http == 501
    assert "the Batch API" in str(error)
