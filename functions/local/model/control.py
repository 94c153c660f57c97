"""The control API of the stand-in: `/_control/...`, for people, pages and tests.

GET  meter, requests (`?job=`), scenarios
POST script   {"scenarios": ["image_other", "ok"], "job": "order-1"}
POST release  {"group": "g"} or nothing for all; POST reset
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from functions.local.model.blob import Style
from functions.local.model.call import Reply, refusal
from functions.local.model.encoding import dump
from functions.local.model.errors import ApiError, invalid
from functions.local.model.failures import FAILURES
from functions.local.model.scenario import MODIFIERS, UnknownScenarioError
from functions.local.model.shapes import SHAPES

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.local.faults import Faults
    from functions.local.model.holds import Holds
    from functions.local.model.meter import Meter

Json = dict[str, Any]


class Control:
    """Answers the control API of one stand-in."""

    def __init__(self, meter: Meter, holds: Holds, faults: Faults) -> None:
        self._meter = meter
        self._holds = holds
        self._faults = faults

    def answer(
        self, method: str, name: str, query: dict[str, str], body: bytes
    ) -> Reply:
        """Return the reply to one call of the control API."""
        routes: dict[tuple[str, str], Callable[[], Json]] = {
            ("GET", "meter"): self._report,
            ("GET", "requests"): lambda: self._requests(query.get("job")),
            ("GET", "scenarios"): _scenarios,
            ("POST", "script"): lambda: self._script(_read(body)),
            ("POST", "release"): lambda: self._release(_read(body)),
            ("POST", "reset"): self._reset,
        }
        found = routes.get((method, name))
        if found is None:
            known = ", ".join(f"{verb} {path}" for verb, path in routes)
            return refusal(ApiError(404, f"The control API knows: {known}."))
        try:
            return Reply(200, dump(found(), Style()))
        except ApiError as error:
            return refusal(error)
        except UnknownScenarioError as error:
            return refusal(invalid(f"{error}; GET /_control/scenarios lists them."))

    def _report(self) -> Json:
        report = {**self._meter.report(), "held": self._holds.count}
        return {**report, "faults": self._faults.report()}

    def _requests(self, job: str | None) -> Json:
        entries = self._meter.log()
        if job is not None:
            entries = [entry for entry in entries if entry.get("job") == job]
        return {"requests": entries}

    def _script(self, wish: Json) -> Json:
        scenarios = wish.get("scenarios")
        job = wish.get("job")
        if not isinstance(scenarios, list) or not all(
            isinstance(one, str) for one in scenarios
        ):
            raise invalid('script wants {"scenarios": ["name", ...], "job": "..."}')
        if not isinstance(job, str | None):
            raise invalid("job wants a string")
        return {"scripted": self._meter.script(scenarios, job)}

    def _release(self, wish: Json) -> Json:
        group = wish.get("group")
        if not isinstance(group, str | None):
            raise invalid("group wants a string")
        return {"released": self._holds.release(group)}

    def _reset(self) -> Json:
        self._meter.reset()
        self._faults.clear()
        return {"released": self._holds.release()}


def _read(body: bytes) -> Json:
    try:
        wish = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        wish = None
    if not isinstance(wish, dict):
        raise invalid("the body is a JSON object, or nothing")
    return wish


def _scenarios() -> Json:
    shapes = {name: shape.reason or "no finishReason" for name, shape in SHAPES.items()}
    failures = {name: FAILURES[name]("", "MODEL").http for name in FAILURES}
    return {"modifiers": dict(MODIFIERS), "shapes": shapes, "errors": failures}
