"""The ports of the stack, all known and all free before anything is started.

The law: a taken port is one error that names the port, what wanted it and the
remedy. Free ports are picked below the range that systems give to outgoing
connections, so no connection takes one between the look and the use.
"""

from __future__ import annotations

import random
import socket
from dataclasses import dataclass
from typing import Final

from functions.job.errors import PlantainError
from functions.local.topology import FUNCTIONS

HOST: Final = "127.0.0.1"
DEFAULT_BASE: Final = 8600
SERVICES: Final = ("storage", "model", "pubsub", "control")
_FIRST_FUNCTION: Final = 10  # offset of the first function from the base
_FREE: Final = range(20_000, 30_000)
_LAST_PORT: Final = 65_535


class PortsError(PlantainError):
    """Ports of the local stack are taken."""


@dataclass(frozen=True, slots=True)
class Ports:
    """One port for each service and each function."""

    by_name: dict[str, int]

    def __getitem__(self, name: str) -> int:
        """Return the port of a service or a function."""
        return self.by_name[name]

    def url(self, name: str) -> str:
        """Return the base address, without a slash at its end."""
        return f"http://{self.address(name)}"

    def address(self, name: str) -> str:
        """Return host:port."""
        return f"{HOST}:{self.by_name[name]}"


def choose(base: int = DEFAULT_BASE, functions: tuple[str, ...] = FUNCTIONS) -> Ports:
    """Return the ports from `base` on, or any free ones when it is 0.

    Raises:
        PortsError: naming every port that is taken.

    """
    if base == 0:
        return _any((*SERVICES, *functions))
    last = base + _FIRST_FUNCTION + len(functions)
    if not 0 < base <= last <= _LAST_PORT:
        raise PortsError(
            f"--port-base {base} leaves no room for the {last - base} ports that the"
            f" stack spans; choose a number from 1024 to {_LAST_PORT - (last - base)}."
        )
    ports = {name: base + at for at, name in enumerate(SERVICES)}
    ports |= {name: base + _FIRST_FUNCTION + at for at, name in enumerate(functions)}
    taken = [f"{port} ({name})" for name, port in ports.items() if not _is_free(port)]
    if taken:
        many = len(taken) > 1
        raise PortsError(
            f"port{'s' * many} {', '.join(taken)} of {HOST} {'are' if many else 'is'}"
            " taken by another program, perhaps an earlier stack; nothing was started."
            f" Stop that program (`lsof -i :{taken[0].split()[0]}` names it), or start"
            " with --port-base N, where 0 takes any free ports."
        )
    return Ports(ports)


def _any(names: tuple[str, ...]) -> Ports:
    candidates = iter(random.sample(_FREE, len(_FREE)))
    found = [port for _, port in zip(names, filter(_is_free, candidates), strict=False)]
    if len(found) < len(names):
        raise PortsError(
            f"fewer than {len(names)} ports from {_FREE.start} to {_FREE.stop} of"
            f" {HOST} are free; stop other programs or name a --port-base."
        )
    return Ports(dict(zip(names, found, strict=True)))


def _is_free(port: int) -> bool:
    """Say whether a server could listen here: two may share a bind, not a listen."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except OSError:
            return False
    return True
