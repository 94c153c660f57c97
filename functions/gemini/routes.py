"""Routes to the image model: a name in settings, an address, a credential, a codec."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from functions.gemini.client import NativeModel
from functions.job.errors import ConfigurationError

if TYPE_CHECKING:
    from functions.job.ports import Clock

Kind = Literal["native"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One way to the model. The key is never shown."""

    name: str
    base_url: str
    key: str = field(repr=False)
    kind: Kind = "native"
    version: str = "v1beta"

    def __post_init__(self) -> None:
        """Refuse what no request could be made of, without repeating the key."""
        if not (self.key.isascii() and self.key.isprintable() and self.key.strip()):
            raise ConfigurationError(
                f"The API key of route {self.name} is empty or has characters that no"
                " header can carry; copy it again, without a line end."
            )
        address = urlsplit(self.base_url)
        if address.scheme not in {"http", "https"} or not address.hostname:
            raise ConfigurationError(
                f"The base URL of route {self.name} must begin with https:// (http://"
                " for a stand-in) and name a host."
            )
        if address.scheme == "http" and not self.local:
            raise ConfigurationError(
                f"The base URL of route {self.name} would send the API key in the"
                " clear; use https://."
            )
        object.__setattr__(self, "base_url", self.base_url.rstrip("/"))

    @property
    def local(self) -> bool:
        """Return whether the model is a stand-in on this machine."""
        host = urlsplit(self.base_url).hostname or ""
        if host == "localhost":
            return True
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False


def native(route: Route, *, clock: Clock, drains: int) -> NativeModel:
    """Return the model behind a route of kind native."""
    return NativeModel(route, clock=clock, drains=drains)
