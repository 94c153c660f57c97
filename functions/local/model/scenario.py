"""What shall go differently: the little language of scenarios.

A list of steps, `name`, `name=value` or `name=value key=value ...`, separated by
commas or semicolons: `image_other times=2, delay=0.5`. It comes in the header
`x-plantain-scenario`, in the prompt as `[[...]]` or `[[scenario:...]]`, or from the
script of the control API. An unknown name is refused, so that no test believes in a
fault that never was; `times=n` holds for the first n calls of a job.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from functions.local.model.failures import FAILURES
from functions.local.model.shapes import PROHIBITED, REFUSALS, SHAPES, Shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# name -> what it does; the outcomes of SHAPES and FAILURES come on top.
MODIFIERS: Final = {
    "ok": "nothing: an answer as ever, for scripts",
    "finish": "no picture and this finishReason; message=, content=",
    "status": "an error of this HTTP status with the standard phrase",
    "html_502": "a page of a proxy, status 502 (or html_502=504)",
    "html_200": "a page of a proxy, status 200",
    "empty": "no body at all, status 200 (or empty=503)",
    "garbage": "a body that is not JSON, status 200; garbage=the text",
    "recitation_numeric": "the old numeric enum, snake_case, no content",
    "candidates_null": "candidates: null, as a relay writes it",
    "list": "the body as the one element of a list",
    "stringified": "an error inside error.message, as js-genai shows it",
    "truncate": "a whole HTTP answer whose body ends at this share (0.5)",
    "reset": "the connection breaks at this share of the body (0.5); how=fin|rst",
    "drop": "the connection breaks before the status line; how=fin|rst",
    "delay": "seconds before the status line",
    "pause": "seconds between the status line and the body",
    "slow": "bytes per second of the body",
    "chunk": "bytes of one chunk on the wire (32768)",
    "hold": "no answer until POST /_control/release; hold=name for one group",
    "images": "so many pictures, none of them flagged",
    "drafts": "so many thought pictures before the result",
    "text": "words: before, after, both, none",
    "data_uri": "the picture as a data: URI inside a text part",
    "file_uri": "the picture as fileData with this address",
    "mime": "the wrong mimeType for the right bytes",
    "pixels": "a picture of another size: 512x512",
    "turned": "width and height exchanged",
    "noise": "a picture of noise: 1K, 2K or 4K",
    "signature": "decoded bytes of each signature; none; picture: as long as it",
    "urlsafe": "base64 in the url-safe alphabet",
    "unpadded": "base64 without =",
    "slashes": "base64 with / written \\/",
    "newlines": "base64 broken into lines",
    "order": "keys reversed, or order=7 for one shuffle of many",
    "pretty": "indented JSON",
    "bad_base64": "base64 with a foreign character in its middle",
}

_ITEM: Final = re.compile(r"(?P<name>[a-z0-9_]+)\s*(?:[=:]\s*(?P<rest>.*))?", re.DOTALL)
_ARGUMENT: Final = re.compile(r"\s+([a-z]+)=")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that goes differently."""

    name: str
    value: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict)


class UnknownScenarioError(ValueError):
    """A name that no scenario has, or a value it cannot use."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that goes differently in one call."""

    steps: tuple[Step, ...] = ()

    def step(self, name: str) -> Step | None:
        """Return the last step of that name."""
        return next((s for s in reversed(self.steps) if s.name == name), None)

    def has(self, name: str) -> bool:
        """Say whether a step of that name is there."""
        return self.step(name) is not None

    def value(self, name: str, default: str) -> str:
        """Return what stands behind a name."""
        step = self.step(name)
        return default if step is None else step.value or default

    def number(self, name: str, default: float) -> float:
        """Return the number behind a name.

        Raises:
            UnknownScenarioError: it is none.

        """
        text = self.value(name, str(default))
        try:
            return float(text)
        except ValueError:
            raise UnknownScenarioError(f"{name} wants a number, not {text!r}") from None

    def outcome(self) -> Step | None:
        """Return the first step that decides what the answer is."""
        return next((s for s in self.steps if s.name in _OUTCOMES), None)

    def now(self, call: int) -> Plan:
        """Return the plan of a job's `call`th call: steps past their times are gone."""
        due = (s for s in self.steps if call <= int(s.arguments.get("times", call)))
        return Plan(tuple(due))

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the steps."""
        return tuple(step.name for step in self.steps)


_OUTCOMES: Final = (
    frozenset(SHAPES)
    | frozenset(FAILURES)
    | {
        "finish",
        "status",
        "html_502",
        "html_200",
        "empty",
        "garbage",
        "recitation_numeric",
        "candidates_null",
    }
)


def parse(text: str) -> Plan:
    """Return the plan that `text` names.

    Raises:
        UnknownScenarioError: a name is unknown.

    """
    steps = (_step(item.strip()) for item in re.split("[,;]", text))
    return Plan(tuple(step for step in steps if step is not None))


def _step(item: str) -> Step | None:
    if not item:
        return None
    words = _ARGUMENT.split(item)
    found = _ITEM.fullmatch(words[0])
    name = found["name"] if found else item
    if found is None or (name not in MODIFIERS and name not in _OUTCOMES):
        raise UnknownScenarioError(f"no scenario is called {name[:60]!r}")
    arguments = dict(zip(words[1::2], (w.strip() for w in words[2::2]), strict=True))
    if not arguments.get("times", "1").isdecimal():
        raise UnknownScenarioError("times wants a whole number")
    return Step(name, (found["rest"] or "").strip(), arguments)


def merge(plans: Iterable[Plan]) -> Plan:
    """Return one plan with the steps of all."""
    return Plan(tuple(step for plan in plans for step in plan.steps))


def shape_of(step: Step | None) -> Shape:
    """Return the shape a step names; without a step, plain words.

    Raises:
        UnknownScenarioError: its value makes no sense.

    """
    if step is None:
        return SHAPES["text_only"]
    if step.name == "finish":
        message = step.arguments.get("message", "")
        return Shape(reason=step.value or "OTHER", content="empty", message=message)
    shape = SHAPES[step.name]
    if not step.value:
        return shape
    if step.name == "refusal":
        shape = replace(shape, text=_among(REFUSALS, step))
    elif step.name == "prohibited":
        shape = replace(shape, message=_among(PROHIBITED, step))
    elif shape.block:
        shape = replace(shape, block=step.value)
    else:
        shape = replace(shape, reason=step.value)
    return shape


def _among(known: Mapping[str, str], step: Step) -> str:
    if step.value not in known:
        raise UnknownScenarioError(f"{step.name} knows {', '.join(known)}")
    return known[step.value]


def is_paid(plan: Plan, *, image: bool) -> bool:
    """Say whether Google would bill a call that ends as `plan` says."""
    if any(step.arguments.get("paid") == "no" for step in plan.steps):
        return False
    if any(step.arguments.get("paid") == "yes" for step in plan.steps):
        return True
    step = plan.outcome()
    if step is None:
        return image or SHAPES["text_only"].paid
    return step.name in SHAPES and shape_of(step).paid
