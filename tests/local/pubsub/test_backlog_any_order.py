"""The backlog under any order of calls: at least once, and never after the ack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from typing_extensions import override

from tests.local.pubsub.bench import RETRY, Bench

if TYPE_CHECKING:
    from functions.local.pubsub.backlog import Lease


class AtLeastOnce(RuleBasedStateMachine):
    """Whatever happens, each message is in one place until it is acknowledged."""

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench(retry_policy=RETRY)
        self.live: set[str] = set()
        self.held: list[Lease] = []

    @rule()
    def publish(self) -> None:
        self.live.add(self.bench.add())

    @rule(seconds=st.sampled_from([10.0, 25.0]))
    def lease(self, seconds: float) -> None:
        lease = self.bench.take(seconds=seconds)
        if lease is not None:
            assert lease.message.message_id in self.live
            self.held.append(lease)

    @precondition(lambda self: self.held)
    @rule(data=st.data(), act=st.sampled_from(["ack", "nack", "back", "twin", "more"]))
    def end(self, data: st.DataObject, act: str) -> None:
        lease = data.draw(st.sampled_from(self.held))
        backlog, alive = self.bench.backlog, bool(lease.entry.leases)
        if act == "ack" and backlog.ack(lease.ack_id):
            self.live.remove(lease.message.message_id)
        elif act == "nack":
            backlog.nack(lease.ack_id)
        elif act == "back":
            backlog.give_back(lease)
        elif act == "more":
            backlog.extend(lease.ack_id, 20)
        elif act == "twin" and alive and len(self.held) < 20:
            self.held.append(backlog.twin(lease))

    @rule(seconds=st.sampled_from([1.0, 11.0, 40.0]))
    def advance(self, seconds: float) -> None:
        self.bench.timers.advance(seconds)

    @invariant()
    def none_is_lost_or_revived(self) -> None:
        assert len(self.bench.backlog) == len(self.live)

    @override
    def teardown(self) -> None:
        """Everything that was not acknowledged can be delivered in the end."""
        self.bench.timers.advance(3600)
        found: list[str] = []
        while (lease := self.bench.take(seconds=7200)) is not None:
            found.append(lease.message.message_id)
        assert sorted(found) == sorted(self.live)


TestAtLeastOnce: type = AtLeastOnce.TestCase
TestAtLeastOnce.settings = settings(  # type: ignore[attr-defined]
    max_examples=60, stateful_step_count=30, deadline=None
)
