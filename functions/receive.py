"""What every Pub/Sub door does with its HTTP request.

The law: 2xx only when the job has its end and everybody was told; 503 when the queue
should deliver again; nothing that a sender can send is ever a 4xx or another 5xx,
which Pub/Sub would repeat for days.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from functions.cloud import envelope
from functions.job import announce
from functions.job.errors import DamagedRecordError, PoisonError, TryLaterError
from functions.job.run import run
from functions.log import crash

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import flask

    from functions.job.walk import Walk

ACKNOWLEDGED: Final = 200
AGAIN: Final = 503
NOT_ALLOWED: Final = 405


def push(walk: Walk, request: flask.Request) -> tuple[str | Iterator[str], int]:
    """Return the answer to one HTTP request of the queue.

    A body that breaks off is met here: the framework would write what the server
    choked on, which is a piece of the body, into its log and its answer.
    """
    if request.method != "POST":  # a browser or a probe, never the queue
        return "this door takes Pub/Sub pushes: POST", NOT_ALLOWED
    try:
        body = request.get_data()
    except Exception as error:  # noqa: BLE001  # the server's and the framework's own
        walk.say("unreadable", severity="WARNING", **crash(error))
        return iter(("again",)), AGAIN  # a stream: else the framework reads once more
    return receive(walk, dict(request.headers), body)


def receive(walk: Walk, headers: Mapping[str, str], body: bytes) -> tuple[str, int]:
    """Return the answer to one push: a word for people and the status for the queue."""
    try:
        return _deliver(walk, headers, body), ACKNOWLEDGED
    except TryLaterError as later:
        walk.say(
            "again", severity="WARNING", why=str(later), error=type(later).__name__
        )
    except DamagedRecordError as damaged:
        walk.say("damaged", severity="ERROR", why=str(damaged))
    except Exception as error:  # noqa: BLE001  # a 500 would tell the caller its text
        walk.say("crashed", severity="ERROR", **crash(error))
    return "again", AGAIN


def _deliver(walk: Walk, headers: Mapping[str, str], body: bytes) -> str:
    try:
        delivery = envelope.read(headers, body)
    except PoisonError as poison:
        found = envelope.salvage(headers, body)
        return announce.bury(walk, found, poison, content=body)
    return run(walk, delivery)
