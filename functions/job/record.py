"""The one record of a job: what happened, what was paid, how it ended.

One object, replaced only by compare-and-swap on its generation, so whoever holds the
generation may write and everyone else finds out that they may not. Unknown fields of
a newer release are carried along, never dropped.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from functions.job.errors import DamagedRecordError

SCHEMA: Final = 1

Paid = Literal["yes", "no", "unknown"]


class State(StrEnum):
    """Where a job is; all but the first two are ends and never change."""

    RUN = "run"  # somebody holds the lease, or held it and died
    WAIT = (
        "wait"  # nobody works on it: until `due`, or, without one, until a person acts
    )
    DONE = "done"  # the pictures are kept
    REFUSED = "refused"  # the request has to change before it can pass
    FAILED = "failed"  # attempts, money or time are used up, or a person must act
    EXPIRED = "expired"  # its deadline passed first
    CANCELLED = "cancelled"  # its sender took it back

    @property
    def terminal(self) -> bool:
        """Whether this is an end."""
        return self not in {State.RUN, State.WAIT}


class _Part(BaseModel):
    """What every piece of a stored object has in common."""

    model_config = ConfigDict(
        frozen=True, extra="allow", populate_by_name=True, hide_input_in_errors=True
    )

    def but(self, **changes: object) -> Self:
        """Return a copy with some fields changed."""
        return self.model_copy(update=changes)

    def to_json(self) -> bytes:
        """Return an object's content."""
        return self.model_dump_json(by_alias=True).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """Return what an object holds.

        Raises:
            DamagedRecordError: the content is nothing this release understands.

        """
        try:
            return cls.model_validate(from_json(data))
        except (ValidationError, ValueError) as error:
            raise DamagedRecordError(
                "The object cannot be read as what its name says; it was left as it"
                f" is. Look at its earlier generations ({type(error).__name__})."
            ) from None


class Attempt(_Part):
    """One call to the model, written down before it is made."""

    n: int  # 1, 2, ... over the life of the job
    fence: int  # which holder made it
    route: str
    model: str
    host: str = ""  # name of the host profile
    started_at: float
    ended_at: float | None = None
    klass: str = Field(default="", alias="class")  # verdict class, "" while it runs
    reason: str = ""
    paid: Paid = "unknown"  # until it ended, nobody knows

    @property
    def open(self) -> bool:
        """Whether it has no known end: it runs, or its holder died."""
        return self.ended_at is None


class Passed(_Part):
    """One step of the walk, for people who ask where the time went."""

    step: str
    at: float


class Picture(_Part):
    """One kept picture, by reference; the bytes are in the bucket."""

    uri: str
    generation: int
    content_type: str
    bytes: int
    crc32c: str
    sha256: str
    width: int | None = None
    height: int | None = None
    c2pa: bool = False
    draft: bool = False


class Result(_Part):
    """How the job ended, ready to be announced."""

    images: tuple[Picture, ...] = ()
    text: str = Field(default="", repr=False)
    verdict: dict[str, Any] = Field(default_factory=dict)
    model: str = ""
    mismatch: tuple[str, ...] = ()
    extra: dict[str, Any] = Field(default_factory=dict)


class Outgoing(_Part):
    """Something to do after the record says so: publish an event, copy a picture."""

    id: str
    kind: Literal["event", "copy"]
    type: str = ""
    at: float = 0.0
    data: dict[str, Any] = Field(default_factory=dict, repr=False)


class Record(_Part):
    """The job."""

    schema_version: int = Field(default=SCHEMA, alias="schema")
    id: str
    kind: str
    tenant: str = ""
    labels: dict[str, str] = Field(default_factory=dict)
    request_hash: str
    state: State = State.RUN
    fence: int = 1
    holder: str = ""
    writer: str = ""  # fresh for every write: a lost reply is recognised by it
    until: float = 0.0  # end of the lease
    due: float | None = None  # when a waiting job wants to be woken
    created_at: float
    trace: str = ""
    attempts: tuple[Attempt, ...] = ()
    steps: tuple[Passed, ...] = ()
    result: Result | None = None
    outbox: tuple[Outgoing, ...] = ()

    def step(self, name: str, at: float) -> Self:
        """Return a copy with one more step of the walk."""
        return self.but(steps=(*self.steps, Passed(step=name, at=at)))


class Manifest(_Part):
    """What one attempt brought, written last: a successor adopts it, unpaid."""

    schema_version: int = Field(default=SCHEMA, alias="schema")
    n: int
    fence: int
    result: Result
    writer: str = ""
