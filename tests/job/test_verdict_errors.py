"""Inside an error the most exact proof wins."""

from __future__ import annotations

from typing import Any

from functions.job.verdict import Verdict, judge


def wrong(http: int | None = 500, /, **error: Any) -> Verdict:  # any JSON
    return judge(route="relay", status=http, body={"error": error})


def test_exact_reasons_come_before_statuses() -> None:
    """A bad key is a 400 INVALID_ARGUMENT until its reason is read."""
    plain = wrong(400, code=400, status="INVALID_ARGUMENT", message="no")
    assert plain.klass == "bad_request"
    reason = [{"reason": "API_KEY_INVALID"}]
    told = wrong(400, code=400, status="INVALID_ARGUMENT", details=reason)
    assert (told.klass, told.reason) == ("auth", "API_KEY_INVALID")


def test_statuses_come_before_the_code_around_them() -> None:
    """A relay's INTERNAL 500 hides what Google said inside it."""
    inner = '{"error": {"status": "NOT_FOUND", "message": "x"}}'
    assert wrong(500, code=500, status="INTERNAL", message=inner).klass == "not_found"


def test_a_wallet_is_told_by_402() -> None:
    """402 is money, whatever status stands beside it."""
    assert wrong(402, status="RESOURCE_EXHAUSTED", message="x").klass == "billing"
    assert wrong(400, code=402, message="x").klass == "billing"


def test_grpc_numbers_are_statuses() -> None:
    """Long-running operations end with google.rpc.Code numbers."""
    assert wrong(None, code=5, message="x").klass == "not_found"
    assert wrong(None, code=8, message="x").klass == "rate_minute"


def test_reasons_to_stop_are_found_in_errors() -> None:
    """Clients that crash on a reason, and relays that make it an error, name it."""
    assert wrong(500, message="finish_reason: FinishReason.SAFETY").klass == (
        "blocked_output"
    )
    assert wrong(500, message="Block reason: OTHER").klass == "blocked_prompt"
    assert wrong(500, message="finishReason=STOP, block reason: NOPE").klass == (
        "server_error"
    )
    assert wrong(500, message="finish_reason: 4").klass == "recitation"
    assert wrong(500, message="finish_reason: 1").klass == "server_error"
    assert wrong(500, message="stopped with IMAGE_RECITATION").klass == "recitation"
    assert wrong(400, code="image_safety", message="x").klass == "blocked_output"


def test_google_may_quote_an_enum_in_a_refusal() -> None:
    """A 400 of Google's that lists enums is a bad request, not one of them."""
    told = wrong(400, code=400, status="INVALID_ARGUMENT", message="not IMAGE_SAFETY")
    assert told.klass == "bad_request"


def test_a_relay_that_says_no_image_means_it() -> None:
    """Made-up server errors are told by their sentence, client errors are not."""
    assert wrong(500, message="The model did not return an image").klass == "no_image"
    assert wrong(400, message="no image provided").klass == "bad_request"
    assert wrong(500, message="no image provided").klass == "server_error"


def test_kinds_speak_only_where_nothing_else_does() -> None:
    """An exception's name is the last resort."""
    text = "openai.RateLimitError: slow down"
    assert judge(route="relay", status=None, body=text).klass == "rate_minute"
    assert judge(route="relay", status=503, body=text).klass == "overloaded"
    assert wrong(200, type="rate_limit_error").klass == "rate_minute"


def test_a_page_without_a_code_is_backed_off() -> None:
    """HTML where JSON was expected: the door is there, the service is not."""
    told = judge(route="relay", status=200, body="<html><title>Welcome</title>")
    assert (told.klass, told.retry, told.message) == ("malformed_body", "backoff", "")


def test_a_gateways_page_is_not_the_services_error() -> None:
    """A 500 or 502 in HTML comes from in between; other codes mean what they say."""
    for code, klass in ((502, "malformed_body"), (520, "malformed_body")):
        page = f"<html><title>Error {code} (Server Error)!!1</title>"
        told = judge(route="native", status=code, body=page)
        assert (told.klass, told.retry, told.billable) == (klass, "backoff", False)
    for code, klass in ((404, "not_found"), (503, "overloaded"), (504, "timeout")):
        page = f"<html><title>{code}</title>"
        assert judge(route="native", status=code, body=page).klass == klass


def test_a_backend_error_is_what_stands_beside_it() -> None:
    """`backendError` accompanies 499, 500 and 503; alone it is a server error."""
    reason = [{"reason": "backendError", "message": "x"}]
    assert wrong(499, code=499, status="CANCELLED", errors=reason).klass == "timeout"
    assert wrong(503, code=503, errors=reason).klass == "overloaded"
    assert wrong(200, errors=reason).klass == "server_error"


def test_an_old_clients_sentence_tells_prompt_from_output() -> None:
    """Of a response it means the prompt's block, of a candidate the reason to stop."""
    for whose, klass in (
        ("Response", "blocked_prompt"),
        ("Candidate", "blocked_output"),
    ):
        said = f"{whose} was blocked due to SAFETY"
        assert judge(route="native", status=None, body=said).klass == klass


def test_a_relays_500_is_paper_around_a_status_in_words() -> None:
    """Where Google does not speak, the status nearest to it is the one in the text."""
    assert wrong(500, code=500, message="status code 429").klass == "rate_minute"
    assert wrong(400, message="status code 429").klass == "bad_request"
    google = wrong(500, code=500, status="INTERNAL", message="status code 429")
    assert google.klass == "server_error"


def test_refusals_cost_nothing_even_without_a_code() -> None:
    """A region or a wallet is refused before any work; an accident may not be."""
    for said in ("location is not supported", "prepayment credits are depleted"):
        assert judge(route="native", status=None, body=said).billable is False
    unsure = judge(route="relay", status=None, body="InternalServerError: x")
    assert (unsure.klass, unsure.billable) == ("server_error", None)
    part = {"candidates": [{"content": {"parts": [{"text": "hm", "thought": True}]}}]}
    late = {"error": {"code": 503, "message": "x", "status": "UNAVAILABLE"}}
    told = judge(route="vertex", status=200, body=[part, late])
    assert (told.klass, told.billable) == ("overloaded", None)
