"""What a traceback, a debugger or a careless f-string would show of our values."""

from __future__ import annotations

import dataclasses
import importlib
import json
import pkgutil
from typing import Any

import pytest
from pydantic import BaseModel

import functions
from functions import settings
from functions.job.ports import Call
from functions.job.record import Record
from functions.job.request import parse
from tests.canary import KEY, PROMPT, QUERY, Book, marked

PACKAGES = ("job", "gemini", "cloud", "webhook", "image", "settings", "wiring")
# Fields that hold what callers, models and hosts wrote, or open doors.
SECRET = frozenset(
    {"body", "text", "texts", "prose", "data", "content", "pieces", "documents"}
    | {"key", "secrets", "headers", "attributes", "prompt", "token", "finish_message"}
)


def _classes() -> list[type[Any]]:
    found: dict[str, type[Any]] = {}
    for module in pkgutil.walk_packages(functions.__path__, "functions."):
        if module.name.split(".")[1] in PACKAGES:
            loaded = importlib.import_module(module.name)
            found |= {
                f"{module.name}.{name}": value
                for name, value in vars(loaded).items()
                if isinstance(value, type) and value.__module__ == module.name
            }
    return list(found.values())


def _shown(kind: type[Any]) -> set[str]:
    """Return the fields whose values the class's repr shows."""
    if issubclass(kind, BaseModel):
        own = kind.__repr__ is not BaseModel.__repr__
        fields = kind.model_fields.items()
        return set() if own else {name for name, field in fields if field.repr}
    if not dataclasses.is_dataclass(kind) or kind.__repr__ is object.__repr__:
        return set()
    return {field.name for field in dataclasses.fields(kind) if field.repr}


def test_no_class_shows_what_strangers_wrote() -> None:
    """Bodies, bytes, headers, prose and keys are left out of every repr."""
    classes = _classes()
    shown = {f"{kind.__qualname__}.{n}" for kind in classes for n in _shown(kind)}
    assert len(shown) > 100
    leaks = {name for name in shown if name.rpartition(".")[2] in SECRET}
    assert leaks == set()


def test_the_law_of_reprs_can_be_broken() -> None:
    """A class that shows its body would be seen, and one that hides it not."""

    @dataclasses.dataclass
    class Open:
        body: str

    @dataclasses.dataclass(repr=False)
    class Shut:
        body: str

    class Model(BaseModel):
        text: str

    assert _shown(Open) & SECRET
    assert _shown(Model) & SECRET
    assert not _shown(Shut)


def test_an_order_and_what_carries_it_show_no_word_of_it() -> None:
    """Request, Call and Settings name fields, never values of the caller's."""
    order = {"prompt": "p", "kind": "edit", "images": [{"uri": "https://h/x"}]}
    data: Any = marked(order | {"labels": {"a": "b"}})
    request = parse(json.dumps(data).encode(), {}, "m-1")
    call = Call(request=request, model="m", references=(), timeout=1.0)
    told = settings.read(
        {
            "GEMINI_API_KEY": KEY,
            "GOOGLE_CLOUD_PROJECT": "p",
            "PLANTAIN_STATE_BUCKET": "s",
            "PLANTAIN_IMAGES_BUCKET": "i",
        }
    )
    book = Book()
    for value in (request, call, told, [request], {"x": call}, f"{request!s}"):
        book.scan("repr", "x", f"{value!r} {value!s}")
    assert book.findings == []
    assert PROMPT in str(data)
    assert QUERY in str(data)


@pytest.mark.parametrize("text", ["a fox", "0"])
def test_a_records_repr_shows_no_text(text: str) -> None:
    """What the model wrote stays in the object that was asked to keep it."""
    record = Record.model_validate(
        {
            "id": "j",
            "kind": "generate",
            "request_hash": "h",
            "created_at": 1.0,
            "result": {"text": f"{text} {PROMPT}"},
        }
    )
    assert PROMPT not in repr(record)
