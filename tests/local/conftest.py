"""One stack with functions of the tests' own, shared by a module."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions.local.running import RunningStack
from tests.local.stacks import Notes, options

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def noting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Noting]:
    """Return a running stack whose functions only note what they see."""
    path = tmp_path_factory.mktemp("noting")
    wanted = options(path)
    with RunningStack(wanted.state, wanted) as stack:
        yield Noting(stack, Notes(path / "notes"))


class Noting:
    """A stack and what its functions saw."""

    def __init__(self, stack: RunningStack, notes: Notes) -> None:
        self.stack = stack
        self.notes = notes
