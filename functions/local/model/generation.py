"""The way of one call through the stand-in, step by step.

Admit it as Google would, count it, find out what shall go differently, make the
reply in a thread, wait where waiting is wanted, send.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from functions.local.model import call, meter, scenario
from functions.local.model.answer import Author
from functions.local.model.delivery import ClientGoneError
from functions.local.model.errors import ApiError
from functions.local.model.scenario import Plan, Step, UnknownScenarioError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions.job.ports import Clock
    from functions.local.faults import Faults, Rule
    from functions.local.model.call import Admitted, Asked, Reply
    from functions.local.model.delivery import Line
    from functions.local.model.holds import Holds
    from functions.local.model.studio import Studio

_UNPAID: Final = {"paid": "no"}
_PAID: Final = {"paid": "yes"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What all calls of one stand-in share."""

    clock: Clock
    meter: meter.Meter
    holds: Holds
    faults: Faults
    studio: Studio
    signature: int
    latency: float
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))


@dataclass(frozen=True, slots=True)
class Generation:
    """One call of generateContent or streamGenerateContent."""

    shop: Workshop
    asked: Asked
    entry: dict[str, Any]  # of the log, completed on the way
    line: Line
    started: float

    async def run(self) -> None:
        """Answer the call.

        Raises:
            ClientGoneError: the client left before the answer was out.

        """
        plan = Plan()
        try:
            admitted = await asyncio.to_thread(self._admit)
            plan = self._plan(admitted)
            reply = await self._reply(admitted, plan)
            await self._wait(plan)
            elapsed = self.shop.clock.now() - self.started
            self.entry["status"] = reply.status
            self.entry["sent"] = await self.line.answer(reply, plan, elapsed)
        except ClientGoneError:
            self.entry["left"] = True
            raise
        except ApiError as error:
            self.entry["status"] = error.http
            elapsed = self.shop.clock.now() - self.started
            await self.line.answer(call.refusal(error), Plan(), elapsed)
        except UnknownScenarioError as error:
            self.entry.update(status=400, scenario_error=str(error))
            await self.line.answer(call.unknown_scenario(error), Plan(), 0.0)

    def _admit(self) -> Admitted:
        row, body = call.parsed(self.asked)
        self.entry["turns"] = meter.summary(body)
        self.entry["config"] = body.get("generation_config") or {}
        return call.admit(self.asked, body, row)

    def _plan(self, admitted: Admitted) -> Plan:
        wished = call.planned(self.asked, admitted.order)
        number, scripted = self.shop.meter.count(admitted.job)
        detail = f"{self.asked.model} {admitted.job}"
        rule = self.shop.faults.hit(self.asked.method, detail)
        plan = scenario.merge((_of_rule(rule), scripted, wished)).now(number)
        paid = scenario.is_paid(plan, image=admitted.order.image)
        if paid:
            self.shop.meter.bill(admitted.job)
        self.entry.update(
            job=admitted.job, call=number, scenarios=list(plan.names), paid=paid
        )
        return plan

    async def _reply(self, admitted: Admitted, plan: Plan) -> Reply:
        author = Author(
            order=admitted.order,
            plan=plan,
            studio=self.shop.studio,
            response=self._response_id(),
            signature=self.shop.signature,
        )
        try:
            return await asyncio.to_thread(call.reply, author, self.asked)
        except UnknownScenarioError:
            if self.entry["paid"]:
                self.shop.meter.bill(admitted.job, -1)
                self.entry["paid"] = False
            raise

    def _response_id(self) -> str:
        number = next(self.shop.numbers)
        raw = struct.pack("<dQ", self.started, number)
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    async def _wait(self, plan: Plan) -> None:
        if plan.has("hold"):
            await self.line.until(self.shop.holds.wait(plan.value("hold", "")))
        await self.line.sleep(self.shop.latency + plan.number("delay", 0))


def _of_rule(rule: Rule | None) -> Plan:
    """Return what a fault of the shared table means here; a duplicate means nothing."""
    if rule is None:
        return Plan()
    steps = {
        "status": (Step("status", str(rule.status), _UNPAID),),
        "status_after": (Step("status", str(rule.status), _PAID),),
        "drop": (Step("drop", "", _UNPAID),),
        "drop_after": (Step("drop"),),
        "delay": (Step("delay", str(rule.seconds)),),
        "duplicate": (),
    }
    return Plan(steps[rule.action])
