"""What a topic's settings may be; features that are left out are refused by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from functions.local.pubsub.policy import seconds
from functions.local.pubsub.refusal import invalid, unimplemented
from functions.local.pubsub.resources import check_labels

if TYPE_CHECKING:
    from functions.local.pubsub.message import Proto

FIXED: Final = frozenset({"name", "state", "satisfies_pzs"})

_DAY: Final = 86_400
_RETENTION: Final = (600.0, 31.0 * _DAY)

_ABSENT: Final = {
    "kms_key_name": "customer-managed keys (kms_key_name)",
    "message_transforms": "message transforms (message_transforms)",
    "tags": "resource manager tags (tags)",
}
_ABSENT_MESSAGES: Final = {
    "schema_settings": "schemas (schema_settings)",
    "ingestion_data_source_settings": (
        "import topics (ingestion_data_source_settings)"
    ),
}


def check_topic(config: Proto) -> None:
    """Refuse settings that are wrong, or of a feature that is left out."""
    for field, feature in _ABSENT.items():
        if getattr(config, field):
            raise unimplemented(feature)
    for field, feature in _ABSENT_MESSAGES.items():
        if config.HasField(field):
            raise unimplemented(feature)
    check_labels(config.labels)
    if config.HasField("message_retention_duration"):
        kept = seconds(config.message_retention_duration)
        if not _RETENTION[0] <= kept <= _RETENTION[1]:
            raise invalid(
                f"Invalid message_retention_duration given ({kept:g} s):"
                " it must be 10 minutes to 31 days."
            )
