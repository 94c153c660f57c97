"""What surrounds a measured function: the emulators, its events, and the proof.

The law: a run is a measurement only if the picture lies in the bucket with the right
checksum and its event was published; anything else ends the bench.
"""

from __future__ import annotations

import base64
import functools
import itertools
import json
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import google_crc32c

from bench.process import Target, TargetError
from functions.local import environment, topology
from functions.local.model import studio
from functions.local.running import RunningStack
from functions.local.stack import Options
from functions.settings import DEFAULT_MODEL

if TYPE_CHECKING:
    from types import TracebackType

_EVENT: Final = 30.0  # s for an event to come
_GATHER: Final = 120.0  # s for all calls to arrive at the model
_TOPIC: Final = topology.topic_path("generate-requests")
_EVENTS: Final = "image-events"
_PLAIN: Final = "signature=none"


@functools.cache
def picture(size: str) -> bytes:
    """Return the noise picture that the stand-in serves for a size."""
    return studio.noise(studio.NOISE[size])


@functools.cache
def checksum(size: str) -> str:
    """Return its crc32c, as Cloud Storage writes it."""
    value = google_crc32c.value(picture(size))
    return base64.b64encode(value.to_bytes(4, "big")).decode()


class Stage:
    """Emulators and stand-in model in this process, without any function."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="plantain-bench-")
        options = Options(port_base=0, functions=())
        self._stack = RunningStack(Path(self._folder.name), options)
        self._numbers = itertools.count(1)
        self.verified = 0

    def environ(self, **more: str) -> dict[str, str]:
        """Return what every function, ours and the peer, is told."""
        stack = self._stack.stack
        found = environment.of_functions(
            environment.shell(), stack.ports, stack.state, pubsub=stack.place.pubsub
        )
        # A deployed function has no steppable clock, so neither has this one.
        del found["PLANTAIN_CLOCK_FILE"]
        for name in ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV"):
            found.pop(name, None)
        return found | {
            "BENCH_MODEL": DEFAULT_MODEL,
            "BENCH_MODEL_URL": self._stack.url("model"),
            "BENCH_BUCKET": topology.IMAGES_BUCKET,
            "BENCH_TOPIC": _EVENTS,
            **more,
        }

    def put_source(self, size: str) -> str:
        """Store a picture to be edited and return its address."""
        bucket = self._stack.neighbours.storage.bucket(topology.INBOX_BUCKET)
        blob = bucket.blob(f"bench-{size}.png")
        blob.upload_from_string(picture(size), content_type="image/png")
        return f"gs://{topology.INBOX_BUCKET}/{blob.name}"

    def order(self, size: str, wish: str, source: str = "") -> dict[str, Any]:
        """Return a new request for a noise picture; `wish` is for the stand-in."""
        order: dict[str, Any] = {
            "id": f"bench-{next(self._numbers)}",
            "kind": "edit" if source else "generate",
            "prompt": f"noise [[noise={size}, {wish}]]",
            "image_size": size,
        }
        return order | ({"images": [{"uri": source}]} if source else {})

    def small(self) -> dict[str, Any]:
        """Return a request for a drawn picture, to warm up with; never verified."""
        return self.order("1K", _PLAIN) | {"prompt": f"a pear [[{_PLAIN}]]"}

    def deliver(self, target: Target, order: dict[str, Any]) -> None:
        """Push one request as Eventarc does; returns when it is acknowledged."""
        data = base64.b64encode(json.dumps(order).encode()).decode()
        message = {
            "data": data,
            "messageId": order["id"],
            "publishTime": "2026-11-20T10:00:00.123Z",
        }
        headers = {
            "Content-Type": "application/json",
            "ce-id": order["id"],
            "ce-source": f"//pubsub.googleapis.com/{_TOPIC}",
            "ce-specversion": "1.0",
            "ce-type": "google.cloud.pubsub.topic.v1.messagePublished",
            "ce-time": "2026-11-20T10:00:00.123Z",
        }
        subscription = topology.subscription_path("generate-requests-push")
        tree = {"message": message, "subscription": subscription}
        target.send(headers, json.dumps(tree).encode())

    def verify(self, order: dict[str, Any]) -> None:
        """Make sure that the picture and the event are there, then delete the picture.

        Raises:
            TargetError: they are not: nothing was measured.

        """
        job, size = order["id"], order["image_size"]
        event = self._event(job)
        images = event.get("images") or [{}]
        bucket, _, name = images[0].get("uri", "").partition("gs://")[2].partition("/")
        blob = self._stack.neighbours.storage.bucket(bucket or "none").get_blob(name)
        if blob is None:
            raise TargetError(f"{job} told of no stored picture: {event}")
        if (blob.size, blob.crc32c) != (len(picture(size)), checksum(size)):
            raise TargetError(f"{job} stored other bytes than the model sent")
        blob.delete()
        self.verified += 1

    def _event(self, job: str) -> dict[str, Any]:
        end = time.monotonic() + _EVENT
        while time.monotonic() < end:
            for event in self._stack.events():
                if job in {event.subject, event.data.get("id")}:
                    return event.data
            time.sleep(0.01)
        raise TargetError(f"{job} published no event")

    def asked_at(self) -> float:
        """Return when the model was asked last, in seconds since the epoch."""
        return float(self._stack.model.meter.log()[-1]["at"])

    def land(self, target: Target, orders: list[dict[str, Any]]) -> float:
        """Deliver all at once and let the answers land together.

        Returns the seconds from their release to the last acknowledgement.
        """
        holds = self._stack.model.holds
        with ThreadPoolExecutor(len(orders)) as pool:
            sent = [pool.submit(self.deliver, target, order) for order in orders]
            end = time.monotonic() + _GATHER
            while holds.count < len(orders):
                if time.monotonic() > end or any(one.done() for one in sent):
                    holds.release()
                    for one in sent:
                        one.result()
                    raise TargetError("not every call reached the model")
                time.sleep(0.02)
            began = time.perf_counter()
            holds.release()
            for one in sent:
                one.result()
            return time.perf_counter() - began

    def __enter__(self) -> Self:
        """Start."""
        self._stack.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop and forget everything."""
        self._stack.stop()
        self._folder.cleanup()
