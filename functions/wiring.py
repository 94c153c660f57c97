"""The real neighbours of one instance, built once, when first needed.

The law: everything is shared by the instance's threads, and nothing that the first
call does not need is loaded before it.
"""

from __future__ import annotations

import functools
import gc
import random
import secrets
import threading
from typing import TYPE_CHECKING

from functions import log, probe
from functions import settings as environment
from functions.clock import StepClock, SystemClock
from functions.cloud.album import Albums
from functions.cloud.bucket import BucketCopies
from functions.cloud.identity import AccessTokens, no_token
from functions.cloud.ledger import Ledger
from functions.cloud.media import GOOGLE, Media
from functions.cloud.places import Places
from functions.cloud.references import AddressedReferences
from functions.cloud.renewer import Renewer
from functions.cloud.topic import Topic
from functions.gemini.catalog import Catalogue
from functions.gemini.routes import Route, native
from functions.image.sniff import PictureSniffer
from functions.job import host
from functions.job.walk import Walk
from functions.webhook.fetch import ListedFetch

if TYPE_CHECKING:
    from functions.job.ports import Clock
    from functions.settings import Settings


_building = threading.Lock()


def walk(kind: str) -> Walk:
    """Return what the door `kind` walks with; built once, whoever comes first.

    Raises:
        ConfigurationError: naming every gap of the environment.

    """
    with _building:  # a cold instance gets all its first requests at once
        return _built(kind)


@functools.cache
def _built(kind: str) -> Walk:
    return build(environment.read(), kind)


def clock(settings: Settings) -> Clock:
    """Return real time, or the shared clock of the tests."""
    if settings.clock_file is None:
        return SystemClock()
    return StepClock(settings.clock_file)


def build(settings: Settings, kind: str) -> Walk:
    """Return a walk over the real neighbours that `settings` name."""
    log.quiet()
    time, timing = clock(settings), settings.timing
    tokens = AccessTokens()
    media = Media(
        time,
        url=settings.storage_url or GOOGLE,
        tokens=no_token if settings.emulated else tokens,
        budget=timing.storage,
    )
    never = (settings.state_bucket,)
    at = probe.probe(settings.probe)
    say = log.Log(project=settings.project, clock=time)
    albums = Albums(media, settings.images_bucket, PictureSniffer)
    topic = _topic(settings, time, tokens)
    model = native(_route(settings), clock=time, drains=settings.drains)
    fetch = ListedFetch(settings.reference_hosts, PictureSniffer, time)

    def close() -> None:
        for neighbour in (topic, model, media, fetch):
            neighbour.close()

    return Walk(
        objects=Ledger(media, settings.state_bucket),
        events=topic,
        albums=probe.watched(albums, at) if settings.probe else albums,
        copies=BucketCopies(media, Places(settings.destinations, never=never)),
        references=AddressedReferences(
            media,
            Places(settings.reference_buckets, never=never),
            PictureSniffer,
            fetch,
        ),
        model=model,
        catalog=Catalogue(),
        clock=time,
        profile=host.detect(settings.host),
        keeping=Renewer(time, every=timing.renew, say=say).keeping,
        at=at,
        say=say,
        chance=random.Random().random,  # noqa: S311  # jitter, no secret
        address=lambda name: f"gs://{settings.state_bucket}/{name}",
        close=close,
        holder=f"{settings.revision or 'local'}-{secrets.token_hex(6)}",
        kind=kind,
        default_model=settings.default_model,
        secrets=(settings.key,),
        timing=timing,
    )


def _route(settings: Settings) -> Route:
    return Route(
        name="native",
        base_url=settings.model_base_url,
        key=settings.key,
        version=settings.model_version,
    )


def _topic(settings: Settings, time: Clock, tokens: AccessTokens) -> Topic:
    return Topic(
        settings.events_topic,
        project=settings.project,
        clock=time,
        budget=settings.timing.storage,
        tokens=no_token if settings.pubsub_emulator else tokens,
        emulator=settings.pubsub_emulator,
    )


# The server forks after importing us. What is frozen now is not touched by the
# collector of the workers, so they keep sharing it (1 to 2 MiB an instance).
gc.freeze()
