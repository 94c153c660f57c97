"""The options of an order, each named as in the request.

The law: an option that is not given is not in the request, so the functions'
defaults hold and the same command is the same order.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

_R = TypeVar("_R")
_C = TypeVar("_C", bound="Callable[..., Any]")

_REQUEST: Final = (
    click.option("--model", help="Model or nickname: nano-banana-pro, an id, ..."),
    click.option("--size", help="512, 1K, 2K or 4K, as the model offers."),
    click.option("--ratio", help="Aspect ratio: 1:1, 16:9, ..."),
    click.option("--id", "job_id", help="The job's key; the same key is paid once."),
    click.option("--label", "labels", multiple=True, metavar="K=V", help="Repeatable."),
    click.option("--tenant", help="Whom the job is for."),
    click.option("--seed", type=int, help="For pictures that resemble each other."),
    click.option("--thinking", help="minimal, low, medium, high or xhigh."),
    click.option("--deadline", help="RFC 3339 time after which nobody wants it."),
    click.option("--max-paid-calls", type=int, help="The most paid calls (2)."),
    click.option("--drafts", is_flag=True, help="Keep the earlier pictures as well."),
)
_WAITING: Final = (
    click.option(
        "--out",
        type=click.Path(path_type=Path),
        help="Save the picture to this file or directory.",
    ),
    click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout."),
    click.option(
        "--timeout",
        type=click.FloatRange(min=0),
        default=600.0,
        show_default=True,
        help="Seconds to wait for the end.",
    ),
    click.option(
        "--wait/--no-wait", default=True, help="--no-wait orders and prints the id."
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to do with a job besides ordering it."""

    out: Path | None = None
    as_json: bool = False
    timeout: float = 600.0
    wait: bool = True


def of_request(command: Callable[..., _R]) -> Callable[..., _R]:
    """Add the options of the request; the command gets those that were given."""

    @wraps(command)
    def wrapped(**given: Any) -> _R:  # noqa: ANN401  # click's
        renamed = {
            "id": given.pop("job_id"),
            "image_size": given.pop("size"),
            "aspect_ratio": given.pop("ratio"),
            "labels": _labels(given.pop("labels")),
            "drafts": given.pop("drafts") or None,
        }
        for name in _SAME:
            renamed[name] = given.pop(name)
        fields = {k: v for k, v in renamed.items() if v is not None}
        return command(**fields, **given)

    return _with(_REQUEST, wrapped)


def of_waiting(command: Callable[..., _R]) -> Callable[..., _R]:
    """Add the options of waiting; the command gets `wanted`."""

    @wraps(command)
    def wrapped(**given: Any) -> _R:  # noqa: ANN401  # click's
        names = ("out", "as_json", "timeout", "wait")
        wanted = Wanted(**{name: given.pop(name) for name in names})
        return command(wanted=wanted, **given)

    return _with(_WAITING, wrapped)


_SAME: Final = ("model", "tenant", "seed", "thinking", "deadline", "max_paid_calls")


def _with(decorators: tuple[Callable[[_C], _C], ...], command: _C) -> _C:
    for decorate in reversed(decorators):
        command = decorate(command)
    return command


def _labels(pairs: tuple[str, ...]) -> dict[str, str] | None:
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise click.UsageError(f"--label {pair!r} must be written K=V.")
        found[name] = value
    return found or None
