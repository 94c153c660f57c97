from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from functions.cli import pictures
from functions.job.errors import PoisonError

if TYPE_CHECKING:
    from pathlib import Path


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (3, 2)).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    "uri", ["gs://b/o", "https://h/p", "data:image/png;base64,AA=="]
)
def test_an_address_stays_an_address(uri: str) -> None:
    """What names a place is opened by the functions, not by the command."""
    assert pictures.addresses((uri,)) == [{"uri": uri}]


def test_a_small_file_travels_inside(tmp_path: Path) -> None:
    """Its type is what its bytes show, whatever its name says."""
    (tmp_path / "wrong.jpg").write_bytes(png())
    [image] = pictures.addresses((str(tmp_path / "wrong.jpg"),))
    head, _, data = image["uri"].partition(",")
    assert (head, image["mime_type"]) == ("data:image/png;base64", "image/png")
    assert base64.b64decode(data) == png()


def test_a_large_file_is_refused_with_the_way_that_works(tmp_path: Path) -> None:
    """Above 5 MB the file's name, its size and the command that helps are told."""
    (tmp_path / "large.png").write_bytes(png() + bytes(pictures.SMALL))
    with pytest.raises(PoisonError) as refused:
        pictures.addresses((str(tmp_path / "large.png"),))
    assert "large.png has 5.0 MB" in str(refused.value)
    assert "gcloud storage cp" in str(refused.value)
    assert refused.value.field == "images"


def test_files_that_fit_alone_but_not_together_are_refused(tmp_path: Path) -> None:
    """A message holds 10 MB, however many files make them up."""
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(png() + bytes(4_000_000))
    assert pictures.addresses((str(tmp_path / "a.png"),))
    with pytest.raises(PoisonError, match="together"):
        pictures.addresses((str(tmp_path / "a.png"), str(tmp_path / "b.png")))


@pytest.mark.parametrize("content", [b"", b"text", b"%PDF-1.7"])
def test_what_is_no_picture_is_refused(tmp_path: Path, content: bytes) -> None:
    """The first bytes decide, before anything is ordered."""
    (tmp_path / "x.png").write_bytes(content)
    with pytest.raises(PoisonError, match=r"x\.png is no picture"):
        pictures.addresses((str(tmp_path / "x.png"),))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A slip in a path is told with the path."""
    with pytest.raises(PoisonError, match=r"nowhere\.png: No such file"):
        pictures.addresses((str(tmp_path / "nowhere.png"),))
    with pytest.raises(PoisonError, match="Is a directory"):
        pictures.addresses((str(tmp_path),))
