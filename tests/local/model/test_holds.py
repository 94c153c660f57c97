from __future__ import annotations

import asyncio

from functions.local.model.holds import Holds


def test_a_group_is_released_together() -> None:
    """Those of the group go, the others stay; everybody goes at the end."""

    async def scene() -> list[int]:
        holds = Holds()
        tasks = [asyncio.create_task(holds.wait(group)) for group in "aab"]
        await asyncio.sleep(0)
        counts = [holds.count, holds.release("a"), holds.count, holds.release()]
        await asyncio.gather(*tasks)
        return [*counts, holds.count, holds.release()]

    assert asyncio.run(scene()) == [3, 2, 1, 1, 0, 0]


def test_who_stops_waiting_is_not_counted() -> None:
    """A client that left holds no place."""

    async def scene() -> int:
        holds = Holds()
        task = asyncio.create_task(holds.wait(""))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return holds.count

    assert asyncio.run(scene()) == 0
