"""The picture against the order: what is otherwise than asked for, by name.

The documented pixel tables are nominal (recorded answers differ by a few percent),
so a ratio or a size class counts as other only beyond that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from functions.job.ports import PictureFacts
    from functions.job.request import Request

_RATIO_SLACK: Final = 0.06  # 1408x768 was delivered for 16:9
_EDGE_SLACK: Final = 1.4  # a size class doubles the edge


def mismatch(
    request: Request, facts: PictureFacts, pixels: tuple[int, int] | None
) -> tuple[str, ...]:
    """Return the fields of `request` that the picture does not meet.

    `pixels` is the nominal size for the order, None where the model's table has
    none. A picture whose bytes show no size meets no order that names one.
    """
    wrong: list[str] = []
    if not facts.content_type.startswith("image/"):
        wrong.append("content_type")
    if request.aspect_ratio is not None and not _shape(request.aspect_ratio, facts):
        wrong.append("aspect_ratio")
    if request.image_size is not None and pixels is not None:
        asked, got = max(pixels), max(facts.width or 0, facts.height or 0)
        if not asked / _EDGE_SLACK < got < asked * _EDGE_SLACK:
            wrong.append("image_size")
    return tuple(wrong)


def _shape(ratio: str, facts: PictureFacts) -> bool:
    width, _, height = ratio.partition(":")
    if not (width.isdecimal() and height.isdecimal() and int(height)):
        return True  # not a ratio that we could check; the model took it
    if not facts.width or not facts.height:
        return False
    asked = int(width) / int(height)
    return abs(facts.width / facts.height / asked - 1) <= _RATIO_SLACK
