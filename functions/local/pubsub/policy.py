"""What a subscription's settings mean, read once from its proto and checked.

A setting that the service refuses is refused; one that this emulator leaves out is
refused by name, so nothing is silently ignored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit

from google.pubsub_v1 import types

from functions.local.pubsub.filters import FilterError, Predicate, compile_filter
from functions.local.pubsub.refusal import invalid, unimplemented
from functions.local.pubsub.resources import check_labels, check_name

if TYPE_CHECKING:
    from functions.local.pubsub.message import Proto

Subscription: Final = types.Subscription.pb()

FIXED: Final = frozenset(
    {"name", "topic", "filter", "detached", "state"}
    | {"topic_message_retention_duration", "analytics_hub_subscription_info"}
)

_DAY: Final = 86_400
_ACK_DEADLINE: Final = (10, 600)
_ATTEMPTS: Final = (5, 100)
_BACKOFF: Final = (0.0, 600.0)
_RETENTION: Final = (600.0, 31.0 * _DAY)

_ABSENT_FLAGS: Final = {
    "enable_message_ordering": "message ordering (enable_message_ordering)",
    "enable_exactly_once_delivery": (
        "exactly-once delivery (enable_exactly_once_delivery)"
    ),
    "message_transforms": "message transforms (message_transforms)",
    "tags": "resource manager tags (tags)",
}
_ABSENT_MESSAGES: Final = {
    "bigquery_config": "BigQuery subscriptions (bigquery_config)",
    "cloud_storage_config": "Cloud Storage subscriptions (cloud_storage_config)",
    "bigtable_config": "Bigtable subscriptions (bigtable_config)",
}


@dataclass(frozen=True, slots=True)
class Push:
    """Where messages are pushed to and how they are signed."""

    endpoint: str
    account: str = ""  # no token without one
    audience: str = ""
    wrapped: bool = True
    metadata: bool = False  # unwrapped only: message id and so on as headers
    events_mode: str = ""  # the query parameter that Eventarc's endpoints carry


@dataclass(frozen=True, slots=True)
class Policy:
    """The settings of one subscription, defaults filled in."""

    name: str
    ack_deadline: float
    retention: float
    passes: Predicate
    backoff: tuple[float, float] | None  # least, most; None: no retry policy
    dead_letter: str  # topic, "" for none
    max_attempts: int
    push: Push | None

    def delay(self, attempts: int) -> float:
        """Return the seconds before the next delivery after `attempts`."""
        if self.backoff is None:
            return 0.0
        least, most = self.backoff
        return float(min(most, least * 2.0 ** min(attempts - 1, 64)))


def seconds(duration: Proto) -> float:
    """Return a protobuf Duration in seconds."""
    return float(duration.seconds) + float(duration.nanos) / 1e9


def _within(value: float, bounds: tuple[float, float], field: str) -> None:
    if not bounds[0] <= value <= bounds[1]:
        raise invalid(
            f"Invalid {field} given ({value:g}): it must be"
            f" {bounds[0]:g} to {bounds[1]:g}."
        )


def completed(config: Proto) -> Proto:
    """Return a copy with the defaults that the service fills in."""
    full = Subscription()
    full.CopyFrom(config)
    full.ack_deadline_seconds = full.ack_deadline_seconds or _ACK_DEADLINE[0]
    full.state = types.Subscription.State.ACTIVE
    full.ClearField("topic_message_retention_duration")
    full.ClearField("analytics_hub_subscription_info")
    if not full.HasField("message_retention_duration"):
        full.message_retention_duration.seconds = 7 * _DAY
    if not full.HasField("expiration_policy"):
        full.expiration_policy.ttl.seconds = 31 * _DAY
    if full.HasField("dead_letter_policy"):
        attempts = full.dead_letter_policy.max_delivery_attempts
        full.dead_letter_policy.max_delivery_attempts = attempts or _ATTEMPTS[0]
    if full.HasField("retry_policy"):
        retry = full.retry_policy
        if not retry.HasField("minimum_backoff"):
            retry.minimum_backoff.seconds = 10
        if not retry.HasField("maximum_backoff"):
            retry.maximum_backoff.seconds = 600
    return full


def read(config: Proto) -> Policy:
    """Return the meaning of a completed config.

    Raises:
        RefusedError: a setting is wrong, or of a feature that is left out.

    """
    _refuse_absent(config)
    check_name(config.name, "subscriptions")
    check_labels(config.labels)
    _within(config.ack_deadline_seconds, _ACK_DEADLINE, "ack_deadline_seconds")
    retention = seconds(config.message_retention_duration)
    _within(retention, _RETENTION, "message_retention_duration (seconds)")
    expiry = config.expiration_policy
    if expiry.HasField("ttl") and seconds(expiry.ttl) < _DAY:
        raise invalid("Invalid expiration_policy.ttl given: it must be at least a day.")
    dead_letter = config.dead_letter_policy
    if config.HasField("dead_letter_policy"):
        check_name(dead_letter.dead_letter_topic, "topics")
        _within(dead_letter.max_delivery_attempts, _ATTEMPTS, "max_delivery_attempts")
    return Policy(
        name=config.name,
        ack_deadline=float(config.ack_deadline_seconds),
        retention=retention,
        passes=_filter(config.filter),
        backoff=_backoff(config),
        dead_letter=dead_letter.dead_letter_topic,
        max_attempts=dead_letter.max_delivery_attempts,
        push=read_push(config.push_config),
    )


def _refuse_absent(config: Proto) -> None:
    for field, feature in _ABSENT_FLAGS.items():
        if getattr(config, field):
            raise unimplemented(feature)
    for field, feature in _ABSENT_MESSAGES.items():
        if config.HasField(field):
            raise unimplemented(feature)


def _filter(text: str) -> Predicate:
    try:
        return compile_filter(text)
    except FilterError as error:
        raise invalid(f"Invalid filter: {error}.") from error


def _backoff(config: Proto) -> tuple[float, float] | None:
    if not config.HasField("retry_policy"):
        return None
    least = seconds(config.retry_policy.minimum_backoff)
    most = seconds(config.retry_policy.maximum_backoff)
    _within(least, _BACKOFF, "retry_policy.minimum_backoff (seconds)")
    _within(most, _BACKOFF, "retry_policy.maximum_backoff (seconds)")
    if least > most:
        raise invalid(
            "Invalid retry_policy given: minimum_backoff is above maximum_backoff."
        )
    return least, most


def read_push(config: Proto) -> Push | None:
    """Return the meaning of a push config, None for a pull subscription."""
    if config.attributes and dict(config.attributes) != {"x-goog-version": "v1"}:
        raise invalid("push_config.attributes: only x-goog-version = v1 is known.")
    if not config.push_endpoint:
        return None
    try:
        parts = urlsplit(config.push_endpoint)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
        good = good and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise invalid("Invalid push endpoint given: it must be an http(s) URL.")
    token = config.oidc_token
    if config.HasField("oidc_token") and "@" not in token.service_account_email:
        raise invalid("push_config.oidc_token.service_account_email: not an email.")
    query = parse_qs(urlsplit(config.push_endpoint).query)
    return Push(
        endpoint=config.push_endpoint,
        account=token.service_account_email,
        audience=token.audience or config.push_endpoint,
        wrapped=not config.HasField("no_wrapper"),
        metadata=config.no_wrapper.write_metadata,
        events_mode=query.get("__GCP_CloudEventsMode", [""])[0],
    )
