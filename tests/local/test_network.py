from __future__ import annotations

import socket
from pathlib import Path

import pytest

from functions.local import network, topology


def test_the_defaults_are_fixed_and_apart() -> None:
    """The documented ports are the same at every start and never meet."""
    try:
        ports = network.choose()
    except network.PortsError:
        pytest.skip("the default ports are taken on this machine")
    assert ports["storage"] == 8600
    assert ports["edit"] == 8611
    assert len(set(ports.by_name.values())) == len(ports.by_name)


def test_a_taken_port_is_named_with_who_wanted_it_and_the_remedy() -> None:
    """One error names every taken port, before anything is started."""
    base = network.choose(0)["storage"]
    with socket.socket() as one, socket.socket() as two:
        for sock, port in ((one, base + 1), (two, base + 10)):
            sock.bind((network.HOST, port))
            sock.listen()
        with pytest.raises(network.PortsError) as refused:
            network.choose(base)
    text = str(refused.value)
    assert f"{base + 1} (model)" in text
    assert f"{base + 10} (generate)" in text
    assert "--port-base" in text
    assert "nothing was started" in text
    assert str(base) + " (" not in text


def test_zero_takes_free_ports_that_no_outgoing_connection_gets() -> None:
    """Free ports are all different and below the system's own range."""
    ports = network.choose(0)
    assert set(ports.by_name) == {*network.SERVICES, *topology.FUNCTIONS}
    assert len(set(ports.by_name.values())) == len(ports.by_name)
    ranges = Path("/proc/sys/net/ipv4/ip_local_port_range")
    least = int(ranges.read_text().split()[0]) if ranges.exists() else 32_768
    assert max(ports.by_name.values()) < least


@pytest.mark.parametrize("base", [-1, 65_535, 70_000])
def test_a_base_without_room_is_refused(base: int) -> None:
    """A number that is no base says which numbers are."""
    with pytest.raises(network.PortsError, match="leaves no room"):
        network.choose(base)


def test_too_few_free_ports_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """When everything is taken, the error says so instead of starting half."""
    monkeypatch.setattr(network, "_is_free", lambda _: False)
    with pytest.raises(network.PortsError, match="are free"):
        network.choose(0)


def test_addresses_are_of_loopback() -> None:
    """Nothing of the stack is told to listen elsewhere."""
    ports = network.Ports({"model": 1})
    assert ports.url("model") == "http://127.0.0.1:1"
    assert ports.address("model") == "127.0.0.1:1"
