"""What exists beside the functions, as one table: buckets, topics, subscriptions.

The law: the local stack creates exactly these and the infrastructure in `infra/`
mirrors them, so what was tried here is what is deployed there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

PROJECT: Final = "plantain-local"

STATE_BUCKET: Final = "plantain-local-state"
IMAGES_BUCKET: Final = "plantain-local-images"
INBOX_BUCKET: Final = "plantain-local-inbox"
BUCKETS: Final = (STATE_BUCKET, IMAGES_BUCKET, INBOX_BUCKET)

EVENTS_TOPIC: Final = "image-events"

DEAD_LETTER_ATTEMPTS: Final = 30
WEEK: Final = 7 * 24 * 3600  # s; what Pub/Sub keeps unless told otherwise
MONTH: Final = 31 * 24 * 3600  # s; the most it keeps: a hold waits for a person
PUSH_IDENTITY: Final = f"pubsub-push@{PROJECT}.iam.gserviceaccount.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """A subscription that calls a function; times in seconds."""

    topic: str
    function: str
    ack_deadline: int = 600
    retry_least: int = 10
    retry_most: int = 600
    attempts: int = DEAD_LETTER_ATTEMPTS
    retention: int = WEEK

    @property
    def name(self) -> str:
        """Return the subscription's short name."""
        return f"{self.topic}-push"


TOPICS: Final = ("generate-requests", "edit-requests", EVENTS_TOPIC)
PUSHES: Final = (
    Push(topic="generate-requests", function="generate"),
    Push(topic="edit-requests", function="edit"),
)
FUNCTIONS: Final = tuple(push.function for push in PUSHES)


def dead(topic: str) -> str:
    """Return the topic that takes what a topic's subscriptions gave up on."""
    return f"{topic}-dead"


def hold(topic: str) -> str:
    """Return the subscription, never expiring, that keeps those until a person came."""
    return f"{dead(topic)}-hold"


def topic_path(topic: str, project: str = PROJECT) -> str:
    """Return the full name of a topic; a full name stays as it is."""
    return topic if "/" in topic else f"projects/{project}/topics/{topic}"


def subscription_path(name: str, project: str = PROJECT) -> str:
    """Return the full name of a subscription."""
    return f"projects/{project}/subscriptions/{name}"


def endpoint(url: str, topic: str, project: str = PROJECT) -> str:
    """Return where Pub/Sub pushes to: the query adds the headers that Eventarc adds."""
    mode = f"CUSTOM_PUBSUB_{topic_path(topic, project)}"
    return f"{url}/?__GCP_CloudEventsMode={quote(mode, safe='')}"


def topic_of(kind: str) -> str:
    """Return the topic that takes a kind of request; a cancel goes where jobs go."""
    return "edit-requests" if kind == "edit" else "generate-requests"
