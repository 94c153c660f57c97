"""One call of `generateContent`: what the client asked, and the reply it shall get.

All of this is work of the processor (parsing, drawing, encoding); it runs in a
thread, never in the event loop.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from functions.local.model import catalogue, encoding, errors, order, scenario, wire
from functions.local.model.blob import Style, Text
from functions.local.model.failures import FAILURES, HTML
from functions.local.model.scenario import Plan, UnknownScenarioError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions.local.model.answer import Author
    from functions.local.model.errors import ApiError
    from functions.local.model.order import Order

JSON_TYPE: Final = "application/json; charset=UTF-8"
_HTML_TYPE: Final = "text/html; charset=UTF-8"
_SSE_TYPE: Final = "text/event-stream"
_GARBAGE: Final = '{"text": "...", "candidatesTokenCou'


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request to a model, as it came in."""

    version: str
    model: str
    method: str
    headers: Mapping[str, str]  # lower-case names
    query: Mapping[str, str]
    body: bytes

    @property
    def streamed(self) -> bool:
        """Say whether the answer is a stream of responses."""
        return self.method == "streamGenerateContent"


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes out."""

    status: int
    pieces: list[Text]
    content_type: str = JSON_TYPE
    pictures: int = 0


@dataclass(frozen=True, slots=True)
class Admitted:
    """A request that Google would take."""

    order: Order
    job: str
    turns: list[list[dict[str, Any]]] = field(default_factory=list)


def check_key(headers: Mapping[str, str], query: Mapping[str, str], key: str) -> None:
    """Let a caller in who shows the key.

    Raises:
        ApiError: 401, 403 or 400 as Google answers.

    """
    shown = headers.get("x-goog-api-key") or query.get("key")
    if not shown:
        if "authorization" in headers:
            raise errors.token_unsupported()
        raise errors.key_missing()
    if shown != key:
        raise errors.key_invalid()


def admit(asked: Asked, parsed: dict[str, Any], row: catalogue.Row) -> Admitted:
    """Return what a parsed body orders.

    Raises:
        ApiError: Google would refuse it.

    """
    found = order.read(parsed, row)
    digest = hashlib.sha256(found.prompt.encode()).hexdigest()[:16]
    return Admitted(found, asked.headers.get("x-plantain-job") or f"prompt:{digest}")


def parsed(asked: Asked) -> tuple[catalogue.Row, dict[str, Any]]:
    """Return the row of the model and the body as the schema reads it.

    Raises:
        ApiError: 404 or 400.

    """
    row = catalogue.find(asked.model)
    if row is None:
        raise errors.model_missing(asked.model, asked.version, asked.method)
    return row, wire.parse(asked.body)


def planned(asked: Asked, order: Order) -> Plan:
    """Return what header and prompt want to go differently.

    Raises:
        UnknownScenarioError: a name is unknown.

    """
    texts = (asked.headers.get("x-plantain-scenario", ""), *order.markers)
    return scenario.merge(scenario.parse(text) for text in texts)


def reply(author: Author, asked: Asked) -> Reply:
    """Return the reply of an admitted call.

    Raises:
        UnknownScenarioError: a value of the plan makes no sense.

    """
    plan = author.plan
    step = plan.outcome()
    if step is not None and step.name in _BARE:
        return _bare(plan, step)
    if step is not None and (step.name in FAILURES or step.name == "status"):
        return refusal(_error(step, asked.model), plan)
    answer = author.write()
    style = Style(
        urlsafe=plan.has("urlsafe"),
        padded=not plan.has("unpadded"),
        slashes=plan.has("slashes"),
        lines=plan.has("newlines"),
        broken=plan.has("bad_base64"),
    )
    documents: list[Any] = [answer.body]
    if asked.streamed:
        documents = encoding.events(answer.body)
    if plan.has("order"):
        seed = plan.value("order", "reverse")
        documents = [encoding.reorder(one, seed) for one in documents]
    pretty = plan.has("pretty")
    dumped = [encoding.dump(one, style, pretty=pretty) for one in documents]
    content_type = JSON_TYPE
    if asked.streamed and asked.query.get("alt") == "sse":
        pieces = encoding.server_sent(dumped)
        content_type = _SSE_TYPE
    elif asked.streamed or plan.has("list"):
        pieces = encoding.listed(dumped)
    else:
        pieces = dumped[0]
    if plan.has("truncate"):
        pieces = encoding.cut(pieces, plan.number("truncate", 0.5))
    return Reply(200, pieces, content_type, answer.pictures)


def refusal(error: ApiError, plan: Plan | None = None) -> Reply:
    """Return an error as it goes over the wire; Google indents these."""
    plan = plan or Plan()
    body: Any = error.body
    if plan.has("stringified"):
        try:
            phrase = HTTPStatus(error.http).phrase
        except ValueError:
            phrase = ""
        text = json.dumps(body, indent=2, ensure_ascii=False) + "\n"
        body = {"error": {"message": text, "code": error.http, "status": phrase}}
    if plan.has("list"):
        body = [body]
    pieces = encoding.dump(body, Style(), pretty=True)
    if plan.has("truncate"):
        pieces = encoding.cut(pieces, plan.number("truncate", 0.5))
    return Reply(error.http, pieces)


def unknown_scenario(error: UnknownScenarioError) -> Reply:
    """Return the 400 of a scenario that the stand-in does not know."""
    return refusal(errors.invalid(f"Stand-in: {error}."))


_BARE: Final = frozenset({"html_502", "html_200", "empty", "garbage"})


def _bare(plan: Plan, step: scenario.Step) -> Reply:
    """Return a reply that is no JSON document."""
    if step.name == "garbage":
        return Reply(200, [Text((step.value or _GARBAGE).encode())])
    if step.name == "empty":
        return Reply(int(plan.number("empty", 200)), [])
    status = 200 if step.name == "html_200" else int(plan.number("html_502", 502))
    return Reply(status, [Text(HTML.encode())], _HTML_TYPE)


def _error(step: scenario.Step, model: str) -> ApiError:
    try:
        if step.name != "status":
            return FAILURES[step.name](step.value, model)
        status = int(step.value or 500)
    except ValueError:
        raise UnknownScenarioError(f"{step.name} wants a number") from None
    if not 200 <= status <= 599:  # noqa: PLR2004 - what HTTP can carry
        raise UnknownScenarioError("status is 200 to 599")
    return errors.plain(status)
