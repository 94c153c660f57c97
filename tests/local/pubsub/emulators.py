"""The two emulators that the client laws run against, behind the real clients.

Ours is always there, on a steppable clock. Google's is used where it is installed:
`PLANTAIN_GOOGLE_PUBSUB_EMULATOR` names its folder or jar, or it stands where the
packages put it. `EXEMPT` states the laws it does not keep (docs of its version 0.8.20
and our measurements); they are skipped by name.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import socket
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from google.api_core import exceptions
from google.cloud import pubsub_v1

from functions.clock import StepClock, SystemClock
from functions.local.faults import Faults
from functions.local.pubsub import Broker, Server, serve

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from types import TracebackType

    import pytest
    from google.pubsub_v1 import types

    from functions.job.ports import Clock

_T = TypeVar("_T")

PROJECT = "projects/plantain-test"

EXEMPT = {
    "test_the_retry_policy_delays_redelivery": "it waits 0, 2, 2, 3 s for 1, 2, 4, 4",
    "test_filters_choose_what_a_subscription_gets": "it does not enforce filters",
    "test_wrong_settings_are_refused": "it accepts bad settings",
    "test_topic_labels_change_by_mask": "its labels cannot be updated",
    "test_subscription_settings_change_by_mask": "its labels cannot be updated",
    "test_a_push_proves_who_sent_it": "it sends no bearer",
    "test_a_push_carries_event_headers": "it sends no CE headers",
    "test_a_push_counts_its_attempts": "it sends no deliveryAttempt",
}

_PLACES = (
    "/usr/lib/google-cloud-sdk",
    "/usr/share/google-cloud-sdk",
    "/opt/google-cloud-sdk",
    "~/google-cloud-sdk",
)
_JAR = "**/cloud-pubsub-emulator-*-all.jar"


def find_google() -> list[str] | str:
    """Return the command that starts Google's emulator, or why there is none."""
    java = shutil.which("java")
    if java is None:
        return "Google's Pub/Sub emulator left out: no java on PATH"
    # The test process is told where it is, as a user would tell it.
    told = os.environ.get("PLANTAIN_GOOGLE_PUBSUB_EMULATOR")  # noqa: TID251
    emulator = "platform/pubsub-emulator"
    places = [told] if told else [f"{place}/{emulator}" for place in _PLACES]
    for place in (Path(each).expanduser() for each in places):
        jars = [place] if place.is_file() else sorted(place.glob(_JAR))
        if jars:
            return [java, "-jar", str(jars[-1])]
    return f"Google's Pub/Sub emulator left out: not in {', '.join(places)}"


@contextmanager
def google(command: list[str]) -> Iterator[str]:
    """Run Google's emulator and yield its host:port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [*command, "--host=127.0.0.1", f"--port={port}"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        assert process.stdout is not None
        try:
            seen = list(itertools.takewhile(_starting, process.stdout))
            assert process.poll() is None, f"it ended: {''.join(seen)}"
            rest = threading.Thread(target=list, args=(process.stdout,))
            rest.start()
            yield f"127.0.0.1:{port}"
        finally:
            process.kill()
        rest.join()


def _starting(line: str) -> bool:
    return "listening on" not in line


class Loop:
    """An event loop in a thread, for what lives in one."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.run(asyncio.sleep(0.01))  # sockets are let go a turn after they closed
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)


class Local:
    """Our emulator, served in a loop of its own."""

    def __init__(
        self, loop: Loop, folder: Path, **settings: Any
    ) -> None:  # passed on to Broker as they are
        self.loop = loop
        self.clock = StepClock(folder / "clock")
        self.faults = Faults()
        self.broker, self.server = loop.run(self._start(settings))

    async def _start(self, settings: dict[str, Any]) -> tuple[Broker, Server]:
        clock: Clock = self.clock
        broker = Broker(clock, self.faults, **settings)
        return broker, await serve(broker)

    def until(self, true: Callable[[], object]) -> None:
        """Return when `true`, looked at inside the loop; fail when that stays out."""

        async def watch() -> None:
            async with asyncio.timeout(20):
                while not true():  # noqa: ASYNC110  # what tests look at has no event
                    await asyncio.sleep(0.002)

        self.loop.run(watch())

    def stop(self) -> None:
        self.loop.run(self.server.stop(0))


class Pubsub:
    """The real clients on one emulator, with short words for what tests do."""

    def __init__(
        self, target: str, clock: StepClock | None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self._clock = clock
        monkeypatch.setenv("PUBSUB_EMULATOR_HOST", target)
        self.target = target
        self.publisher = pubsub_v1.PublisherClient()
        self.subscriber = pubsub_v1.SubscriberClient()
        self._names = itertools.count()

    def close(self) -> None:
        self.publisher.stop()
        self.publisher.transport.close()
        self.subscriber.close()

    def pass_time(self, seconds: float) -> None:
        """Move our emulator's clock; wait for Google's, which has only real time."""
        if self._clock is None:
            SystemClock().wait(seconds)
        else:
            self._clock.step(seconds)

    def name(self, collection: str) -> str:
        # Google's emulator lives for the whole session: names are never reused.
        return f"{PROJECT}/{collection}/t-{id(self)}-{next(self._names)}"

    def topic(self) -> str:
        topic = self.name("topics")
        self.publisher.create_topic(name=topic)
        return topic

    def subscription(self, topic: str, **settings: object) -> str:
        name = self.name("subscriptions")
        request = {"name": name, "topic": topic, **settings}
        self.subscriber.create_subscription(request=request)
        return name

    def pair(self, **settings: object) -> tuple[str, str]:
        topic = self.topic()
        return topic, self.subscription(topic, **settings)

    def publish(self, topic: str, data: bytes = b"x", **attributes: str) -> str:
        return str(self.publisher.publish(topic, data, **attributes).result(20))

    def pull(
        self, subscription: str, most: int = 10, wait: float = 20
    ) -> list[types.ReceivedMessage]:
        """Return what there is, waiting up to `wait` seconds for a first message."""
        request = {"subscription": subscription, "max_messages": most}
        try:
            found = self.subscriber.pull(request=request, timeout=wait, retry=None)
        except exceptions.DeadlineExceeded:
            return []
        return list(found.received_messages)

    def one(self, subscription: str, wait: float = 20) -> types.ReceivedMessage:
        (received,) = self.pull(subscription, wait=wait)
        return received

    def empty(self, subscription: str) -> bool:
        """Tell whether nothing can be pulled now."""
        return self.pull(subscription, wait=0.3) == []

    def ack(self, subscription: str, *received: types.ReceivedMessage) -> None:
        ids = [each.ack_id for each in received]
        self.subscriber.acknowledge(subscription=subscription, ack_ids=ids)

    def extend(
        self, subscription: str, received: types.ReceivedMessage, seconds: int
    ) -> None:
        self.subscriber.modify_ack_deadline(
            subscription=subscription,
            ack_ids=[received.ack_id],
            ack_deadline_seconds=seconds,
        )

    def nack(self, subscription: str, received: types.ReceivedMessage) -> None:
        self.extend(subscription, received, 0)
