"""The real neighbours of one instance, built once, when first needed.

The only lazy imports of the product are here and beside Google's clients: what the
first call does not need is not on the way to it.
"""

from __future__ import annotations

import functools
import random
import secrets
from typing import TYPE_CHECKING

from functions import settings as environment
from functions.clock import StepClock, SystemClock
from functions.cloud.ledger import Ledger
from functions.cloud.renewer import Renewer
from functions.cloud.topic import Topic
from functions.job import host
from functions.job.walk import Walk
from functions.log import Log, quiet
from functions.probe import probe

if TYPE_CHECKING:
    from functions.job.ports import Clock
    from functions.settings import Settings


@functools.lru_cache(maxsize=None)
def settings() -> Settings:
    """Return this process's settings, read once.

    Raises:
        ConfigurationError: naming every gap.

    """
    return environment.read()


def clock(found: Settings) -> Clock:
    """Return real time, or the shared clock of the tests."""
    return SystemClock() if found.clock_file is None else StepClock(found.clock_file)
