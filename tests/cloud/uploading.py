"""One upload as the tests of uploads make it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from functions.cloud.upload import ResumableUpload, Target
from functions.cloud.windows import GRAIN, Windows
from tests.cloud.conftest import BUCKET, noise

if TYPE_CHECKING:
    from functions.cloud.media import Media

PUT: Final = "PUT /upload/storage"
BEGIN: Final = "POST /upload/storage"
NAME: Final = "h/a1-1/0"
BODY: Final = noise(2 * GRAIN + 1000)


def upload(
    media: Media, *, mark: str = "me", windows: Windows | None = None
) -> ResumableUpload:
    return ResumableUpload(
        media,
        windows or Windows(size=GRAIN),
        Target(BUCKET, NAME, mark),
        lambda: "image/png",
    )


def pour(into: ResumableUpload, data: bytes = BODY, step: int = 50_000) -> None:
    for at in range(0, len(data), step):
        into.write(data[at : at + step])
