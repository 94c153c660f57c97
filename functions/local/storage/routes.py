"""The table of addresses: what each path is, and what each method does there.

A path that is not in it is not found; a method that a path does not have is refused
as such; what Cloud Storage has and this emulator leaves out says so by name.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from functions.local.storage import uploads
from functions.local.storage.errors import ApiError, invalid, not_built
from functions.local.storage.wire import Reply, Request

if TYPE_CHECKING:
    from functions.local.storage.buckets import Buckets
    from functions.local.storage.objects import Objects
    from functions.local.storage.resumable import Uploads
    from functions.local.storage.store import Store

Answer = Callable[[Request], Awaitable[Reply]]

_B: Final = "/b/(?P<bucket>[^/]+)"
_O: Final = f"{_B}/o/(?P<object>[^/]+)"
_V1: Final = "/storage/v1"
_TO: Final = "/b/(?P<to_bucket>[^/]+)/o/(?P<to_object>[^/]+)"
# What Cloud Storage also has below /storage/v1.
_LEFT_OUT: Final = re.compile(
    r"/storage/v1/(?:.*/)?(?P<what>acl|defaultObjectAcl|hmacKeys|managedFolders|folders"
    r"|anywhereCaches|lockRetentionPolicy|restore|bulkRestore|watch|serviceAccount"
    r"|storageLayout|relocate|channels)(?:/.*)?"
)


@dataclass(frozen=True, slots=True)
class Route:
    """One kind of address."""

    kind: str
    pattern: re.Pattern[str]
    methods: dict[str, Answer]

    @property
    def xml(self) -> bool:
        """Say whether errors go out as XML."""
        return self.kind.startswith("xml")


def table(
    store: Store, buckets: Buckets, objects: Objects, resumable: Uploads
) -> tuple[Route, ...]:
    """Return every address, the first that matches counts."""
    return (
        _route("health", "/", GET=_health, HEAD=_health),
        _route("buckets", f"{_V1}/b", GET=buckets.list_all, POST=buckets.insert),
        _route(
            "bucket",
            f"{_V1}{_B}",
            GET=buckets.get,
            PATCH=buckets.patch,
            PUT=buckets.patch,
            DELETE=buckets.delete,
        ),
        _route("policy", f"{_V1}{_B}/iam", GET=buckets.policy, PUT=buckets.policy),
        _route(
            "notifications",
            f"{_V1}{_B}/notificationConfigs",
            GET=buckets.list_notifications,
            POST=buckets.add_notification,
        ),
        _route(
            "notification",
            f"{_V1}{_B}/notificationConfigs/(?P<notification>[^/]+)",
            GET=buckets.get_notification,
            DELETE=buckets.delete_notification,
        ),
        *_object_routes(objects),
        *_upload_routes(store, resumable),
        _route("xml bucket", "/(?P<bucket>[^/]+)/?", GET=_xml_list, HEAD=_xml_list),
        _route(
            "xml",
            "/(?!storage/|upload/|download/|batch)(?P<bucket>[^/]+)/(?P<object>.+)",
            GET=objects.xml_get,
            HEAD=objects.xml_get,
            PUT=objects.xml_put,
        ),
    )


def _object_routes(objects: Objects) -> tuple[Route, ...]:
    return (
        _route("list", f"{_V1}{_B}/o", GET=objects.list_all),
        _route("rewrite", f"{_V1}{_O}/rewriteTo{_TO}", POST=objects.rewrite),
        _route("copy", f"{_V1}{_O}/copyTo{_TO}", POST=objects.copy),
        _route("move", f"{_V1}{_O}/moveTo/o/(?P<to_object>[^/]+)", POST=objects.move),
        _route("compose", f"{_V1}{_O}/compose", POST=objects.compose),
        _route(
            "object",
            f"{_V1}{_O}",
            GET=objects.get,
            HEAD=objects.get,
            PATCH=objects.patch,
            PUT=objects.update,
            DELETE=objects.delete,
        ),
        _route("media", f"/download{_V1}{_O}", GET=objects.get, HEAD=objects.get),
    )


def _upload_routes(store: Store, resumable: Uploads) -> tuple[Route, ...]:
    async def post(request: Request) -> Reply:
        if "upload_id" in request.query:
            return await resumable.put(request)
        match request.query.get("uploadType"):
            case "media":
                return await uploads.media(store, request)
            case "multipart":
                return await uploads.multipart(store, request)
            case "resumable":
                return await resumable.start(request)
            case _:
                raise invalid("uploadType must be media, multipart or resumable.")

    async def cancel(request: Request) -> Reply:
        return resumable.cancel(request)

    path = f"(?:/resumable)?/upload{_V1}{_B}/o"
    return (_route("upload", path, POST=post, PUT=resumable.put, DELETE=cancel),)


def _route(kind: str, pattern: str, **methods: Answer) -> Route:
    return Route(kind, re.compile(pattern), methods)


def find(routes: tuple[Route, ...], request: Request) -> Route:
    """Return the route of a request and set its params.

    Raises:
        ApiError: 404 or 501.

    """
    for route in routes:
        if found := route.pattern.fullmatch(request.path):
            request.params = {k: unquote(v) for k, v in found.groupdict().items()}
            return route
    if left_out := _LEFT_OUT.fullmatch(request.path):
        raise not_built(f"The resource {left_out['what']}")
    raise ApiError(404, "notFound", "No such path in this API.")


def answer_of(route: Route, request: Request) -> Answer:
    """Return what answers the request.

    Raises:
        ApiError: 405.

    """
    answer = route.methods.get(request.method)
    if answer is None:
        known = ", ".join(route.methods)
        raise ApiError(
            405,
            "methodNotAllowed",
            f"{request.method} is not a method of this path; it has {known}.",
        )
    return answer


async def _health(request: Request) -> Reply:
    return Reply.of_json({"service": "storage", "path": request.path})


async def _xml_list(request: Request) -> Reply:
    raise not_built(f"Listing by the XML API (/{request.bucket})")
