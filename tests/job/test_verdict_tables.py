"""The tables know everything that google-genai knows, and every class has its rows."""

from __future__ import annotations

import json
import subprocess
import sys
from http import HTTPStatus

from functions.job.verdict import judge
from functions.job.verdict_class import Retry, VerdictClass
from functions.job.verdict_tables import (
    BLOCKED,
    CHANGE,
    CHAT_FINISH,
    FINISH,
    FINISH_NUMBERS,
    FINISH_NUMBERS_VERTEX,
    GRPC,
    GRPC_NUMBERS,
    HTTP,
    PAID_BY_TOKENS,
    RETRY,
    UNPAID,
)

# In its own process: the SDK is heavy and warns on import.
_ASK_SDK = """
import json, warnings
warnings.simplefilter("ignore")
from google.genai import types
print(json.dumps([[x.value for x in types.FinishReason],
                  [x.value for x in types.BlockedReason]]))
"""


def test_the_enums_of_google_genai_are_covered() -> None:
    """A release that adds a reason turns this red before it meets a customer."""
    told = subprocess.run(  # noqa: PLW1510  # a failure shows in the output below
        [sys.executable, "-c", _ASK_SDK], capture_output=True, text=True
    )
    assert told.returncode == 0, told.stderr
    finish, blocked = json.loads(told.stdout)
    assert set(finish) == set(FINISH)
    assert set(blocked) == set(BLOCKED)


def test_every_class_says_when_to_retry_and_what_to_change() -> None:
    """No class falls through: each has a retry, and a sentence unless it is done."""
    assert set(RETRY) == set(CHANGE) == set(VerdictClass)
    assert all(CHANGE[x] for x in VerdictClass if x is not VerdictClass.IMAGE)
    assert RETRY[VerdictClass.RATE_DAY] is Retry.AFTER_RESET


def test_nothing_is_both_paid_and_unpaid() -> None:
    """The two proofs of payment never contradict each other."""
    assert not PAID_BY_TOKENS & UNPAID


def test_numbers_name_known_reasons() -> None:
    """Old clients' numbers lead into the same table as the names."""
    assert set(FINISH_NUMBERS) | set(FINISH_NUMBERS_VERTEX) <= set(FINISH)
    assert set(GRPC_NUMBERS) - {"OK"} == set(GRPC)


def test_every_finish_reason_is_judged_by_its_row() -> None:
    """A candidate that holds nothing but its reason is judged by that reason."""
    for table in (FINISH, CHAT_FINISH):
        for reason, klass in table.items():
            for route in ("native", "vertex", "relay"):
                body = {"candidates": [{"content": {}, "finishReason": reason}]}
                found = judge(route=route, status=200, body=body)
                assert found.klass == (klass or VerdictClass.NO_IMAGE)
                assert found.finish_reason == reason


def test_every_block_reason_blocks_the_prompt() -> None:
    """By name and by number, in both spellings."""
    for number, reason in enumerate(BLOCKED):
        for value in (reason, number) if number else (reason,):
            body = {"prompt_feedback": {"block_reason": value}}
            found = judge(route="native", status=200, body=body)
            assert (found.klass, found.block_reason) == ("blocked_prompt", reason)


def test_every_http_status_has_a_class() -> None:
    """An error without a body is judged by its status, whichever it is."""
    for status in [*HTTPStatus, 460, 520, 522, 524, 529, 599]:
        if status >= 400:
            found = judge(route="relay", status=int(status), body=None)
            assert found.klass not in {VerdictClass.IMAGE, VerdictClass.OTHER}
            assert found.klass is HTTP.get(status, found.klass)
