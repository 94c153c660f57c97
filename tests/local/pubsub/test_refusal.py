"""Refusals carry the code that clients act on and a sentence for people."""

from __future__ import annotations

import grpc
import pytest

from functions.local.faults import Action, Rule
from functions.local.pubsub import refusal


def test_each_refusal_has_the_code_of_the_service() -> None:
    """Law: code and text are those that a client of the real service sees."""
    missing = refusal.not_found("projects/p/topics/orders")
    assert missing.code is grpc.StatusCode.NOT_FOUND
    assert str(missing) == "Resource not found (resource=orders)."
    assert refusal.taken("projects/p/topics/t").code is grpc.StatusCode.ALREADY_EXISTS
    assert refusal.invalid("x").code is grpc.StatusCode.INVALID_ARGUMENT
    assert refusal.precondition("x").code is grpc.StatusCode.FAILED_PRECONDITION


def test_an_absent_feature_is_named_with_a_remedy() -> None:
    """Law: UNIMPLEMENTED says which feature, and where it can be had."""
    absent = refusal.unimplemented("seek (Seek)")
    assert absent.code is grpc.StatusCode.UNIMPLEMENTED
    assert "seek (Seek)" in absent.message
    assert "PUBSUB_EMULATOR_HOST" in absent.message


@pytest.mark.parametrize(
    ("action", "status", "code"),
    [
        ("status", 503, grpc.StatusCode.UNAVAILABLE),
        ("status", 429, grpc.StatusCode.RESOURCE_EXHAUSTED),
        ("status_after", 504, grpc.StatusCode.DEADLINE_EXCEEDED),
        ("status", 418, grpc.StatusCode.UNAVAILABLE),
        ("drop", 429, grpc.StatusCode.UNAVAILABLE),
        ("drop_after", 404, grpc.StatusCode.UNAVAILABLE),
    ],
)
def test_a_fault_rule_chooses_the_code(
    action: Action, status: int, code: grpc.StatusCode
) -> None:
    """Law: a status is said in gRPC's words; a lost reply is UNAVAILABLE."""
    rule = Rule("publish", action, status=status)
    assert refusal.on_demand(rule).code is code
