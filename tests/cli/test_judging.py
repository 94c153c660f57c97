from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cli.conftest import shell

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Ran

FIELDS = {"class", "retry", "billable", "reason", "change"}


@pytest.mark.parametrize("route", ["native", "vertex", "openai", "relay"])
def test_a_pasted_answer_is_judged(route: str) -> None:
    """From standard input to one object, whatever the route."""
    ran = shell(
        "judge", "--route", route, "--status", "503", stdin=b"<html>busy</html>"
    )
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert found.keys() >= FIELDS
    assert ran.stderr == b""


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.one_of(
        st.binary(max_size=200),
        st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace")),
        st.recursive(
            st.none() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["candidates", "error", "parts", "x"]), inner
                )
            ),
            max_leaves=8,
        ).map(lambda tree: json.dumps(tree).encode()),
    ),
    status=st.sampled_from(["200", "429", "500", "0", "-7", "99999"]),
)
def test_any_bytes_end_with_code_0(
    run: Callable[..., Ran], tmp_path: Path, body: bytes, status: str
) -> None:
    """Object, list, HTML, cut text or noise: one object, every field there."""
    (tmp_path / "body").write_bytes(body)
    ran = run("judge", "--status", status, str(tmp_path / "body"))
    assert ran.code == 0, ran.err
    assert ran.json().keys() >= FIELDS


def test_an_unknown_route_is_a_usage_error(run: Callable[..., Ran]) -> None:
    """Only the four routes have meanings."""
    ran = run("judge", "--route", "fax", "/dev/null")
    assert ran.code == 2
    assert "native" in ran.err
