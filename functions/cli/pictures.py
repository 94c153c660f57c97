"""Reference pictures as people name them: an address, or a file of theirs.

The law: a file travels inside the request only while it fits a message; what is too
large or no picture is refused before anything is ordered, with the way that works.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Final

from functions.image.sniff import PictureSniffer
from functions.job.errors import PoisonError

SMALL: Final = 5_000_000  # bytes of a file; base64 makes it a third more
TOGETHER: Final = 6_500_000  # bytes of all files; a message holds 10 MB
_SCHEMES: Final = ("gs://", "https://", "http://", "data:")


def addresses(given: tuple[str, ...]) -> list[dict[str, str]]:
    """Return the request's `images`.

    Raises:
        PoisonError: a file cannot be sent; naming it and what to do.

    """
    images: list[dict[str, str]] = []
    total = 0
    for text in given:
        if text.startswith(_SCHEMES):
            images.append({"uri": text})
            continue
        data, mime = _read(Path(text))
        total += len(data)
        if total > TOGETHER:
            raise _refused(
                f"the files are {total / 1e6:.1f} MB together, too much for one message"
            )
        uri = f"data:{mime};base64,{base64.b64encode(data).decode()}"
        images.append({"uri": uri, "mime_type": mime})
    return images


def _read(path: Path) -> tuple[bytes, str]:
    try:
        size = path.stat().st_size
        if size > SMALL:
            raise _refused(
                f"{path} has {size / 1e6:.1f} MB; files up to {SMALL / 1e6:.0f} MB"
                " travel inside the request"
            )
        data = path.read_bytes()
    except OSError as error:
        raise PoisonError(
            "no_file",
            f"--image {path}: {error.strerror}. Name a picture file, or a gs:// or"
            " https:// address.",
            field="images",
        ) from error
    sniffer = PictureSniffer()
    sniffer.feed(data)
    mime = sniffer.facts().content_type
    if not mime.startswith("image/"):
        raise PoisonError(
            "no_picture",
            f"--image {path} is no picture that the models take (its first bytes say"
            f" {mime}); convert it to JPEG or PNG.",
            field="images",
        )
    return data, mime


def _refused(what: str) -> PoisonError:
    return PoisonError(
        "file_too_large",
        f"--image: {what}. Copy it to a bucket that the functions may read (`gcloud"
        " storage cp FILE gs://BUCKET/`) and name it as --image gs://BUCKET/FILE.",
        field="images",
    )
