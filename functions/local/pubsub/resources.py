"""Rules that topics and subscriptions share: names, labels, update masks, pages.

What a real project would refuse is refused here, so it shows on the laptop.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from google.protobuf.field_mask_pb2 import FieldMask

from functions.local.pubsub.refusal import invalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from functions.local.pubsub.message import Proto

DELETED_TOPIC: Final = "_deleted-topic_"

_NAME: Final = re.compile(
    r"projects/[^/]+/(topics|subscriptions)/(?!goog)[A-Za-z][A-Za-z0-9\-_.~+%]{2,254}"
)
_LABEL_KEY: Final = re.compile(r"[^\W\d_][\w-]{0,62}")
_LABEL_VALUE: Final = re.compile(r"[\w-]{0,63}")
_MAX_LABELS: Final = 64
_PAGE: Final = 1000


def check_name(name: str, collection: str) -> None:
    """Refuse a name that is not `projects/{project}/{collection}/{id}`."""
    match = _NAME.fullmatch(name)
    if match is None or match[1] != collection:
        raise invalid(
            f"Invalid resource name given (name={name}): it must be"
            f" projects/PROJECT/{collection}/ID, the ID 3-255 characters that start"
            " with a letter, and not with 'goog'."
        )


def check_labels(labels: Mapping[str, str]) -> None:
    """Refuse labels that a project would not take."""
    if len(labels) > _MAX_LABELS:
        raise invalid(f"labels: more than {_MAX_LABELS}.")
    for key, value in labels.items():
        if not _LABEL_KEY.fullmatch(key) or key != key.lower():
            raise invalid(
                f"labels: the key {key!r} must be 1-63 lowercase letters, digits,"
                " '_' or '-', and start with a letter."
            )
        if not _LABEL_VALUE.fullmatch(value) or value != value.lower():
            raise invalid(
                f"labels: the value of {key!r} must be at most 63 lowercase letters,"
                " digits, '_' or '-'."
            )


def merged(current: Proto, change: Proto, mask: Proto, fixed: Iterable[str]) -> Proto:
    """Return a copy of `current` with the masked fields of `change`.

    Raises:
        RefusedError: the mask is empty, or names an unknown or a `fixed` field.

    """
    kind = current.DESCRIPTOR.name
    where = f"Invalid update_mask provided in the Update{kind}Request"
    if not mask.paths:
        raise invalid(f"{where}: it must contain at least one field path.")
    for path in mask.paths:
        if not FieldMask(paths=[path]).IsValidForDescriptor(current.DESCRIPTOR):
            raise invalid(
                f"{where}: '{path}' is not a known {kind} field. Field paths must be"
                " of the form 'push_config' rather than 'pushConfig'."
            )
        if path.partition(".")[0] in fixed:
            raise invalid(f"{where}: the '{path}' field in the {kind} is not mutable.")
    result = type(current)()
    result.CopyFrom(current)
    mask.MergeMessage(
        change, result, replace_message_field=True, replace_repeated_field=True
    )
    return result


def page(items: Iterable[Proto], request: Proto) -> tuple[list[Proto], str]:
    """Return the page that `request` asks for, and the token of the next."""
    token = request.page_token
    if token and not (token.isascii() and token.isdigit()):
        raise invalid("You have passed an invalid page token to the service.")
    if request.page_size < 0:
        raise invalid("page_size must not be negative.")
    ordered = sorted(items, key=lambda item: str(item.name))
    start = int(token or 0)
    end = start + (min(request.page_size, _PAGE) or _PAGE)
    return ordered[start:end], str(end) if end < len(ordered) else ""
