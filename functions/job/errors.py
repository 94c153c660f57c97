"""The errors of the product, and what the event handler does with each.

PlantainError
├── PoisonError              recorded under poison/, announced as failed, acknowledged
├── ReferenceRefusedError    the job ends refused; acknowledged
├── TryLaterError            not acknowledged: the queue delivers again
│   ├── BusyError            another holder's lease is alive
│   ├── FencedError          another holder took the job over: leave everything
│   ├── NeighbourUnavailableError   Storage or Pub/Sub did not answer in time
│   ├── CorruptedUploadError   the bucket holds other bytes than were sent
│   └── UnsentError   a reference broke while it was being sent: nothing was paid
├── DamagedRecordError       never overwritten; parked with an alarm
└── ConfigurationError       the instance refuses to start and names every gap

Each message is one sentence for the operator that names the remedy, and carries no
prompt, key, signed URL or image byte.
"""

from __future__ import annotations


class PlantainError(Exception):
    """Something Plantain has a word for."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.__doc__)


class PoisonError(PlantainError):
    """A message that no redelivery can turn into a request."""

    def __init__(self, reason: str, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.reason = reason  # snake_case word, stable: "not_json", "unknown_field" ...
        self.field = field  # dotted path of the first offending field, "" if none


class ReferenceRefusedError(PlantainError):
    """A reference picture that must not or cannot be sent."""

    def __init__(self, reason: str, message: str, *, field: str = "images") -> None:
        super().__init__(message)
        self.reason = reason
        self.field = field


class TryLaterError(PlantainError):
    """The queue should deliver this again."""


class BusyError(TryLaterError):
    """Another instance is working on this job and its lease is alive."""


class FencedError(TryLaterError):
    """Another instance took this job over; this one leaves everything as it is."""


class NeighbourUnavailableError(TryLaterError):
    """Cloud Storage or Pub/Sub did not answer in time; the queue delivers again."""


class CorruptedUploadError(TryLaterError):
    """The bucket did not store the bytes that were sent; nothing of them is left."""


class UnsentError(TryLaterError):
    """A reference broke while it was being sent; the model got no whole request."""

    def __init__(
        self,
        message: str | None = None,
        *,
        refused: ReferenceRefusedError | None = None,
    ) -> None:
        super().__init__(message)
        self.refused = refused  # why another try is of no use, None if one may be


class DamagedRecordError(PlantainError):
    """A job record that cannot be read; it is parked, never overwritten."""


class ConfigurationError(PlantainError):
    """The environment lacks something; every gap is named at once."""
