from __future__ import annotations

import io
import json
import logging
import threading

import pytest

from functions.log import Log, crash, quiet
from tests.job.memory import MemoryClock

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def logged(*actions: str, **facts: object) -> list[dict[str, object]]:
    stream = io.StringIO()
    log = Log(project="p", clock=MemoryClock(5.0), stream=stream)
    for action in actions:
        log(action, **facts)  # type: ignore[arg-type]
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_step_is_one_line_that_cloud_logging_reads() -> None:
    """Severity, message and trace stand where the console looks for them."""
    (line,) = logged("settled", job="j", trace=TRACE, state="done", nothing="")
    assert line == {
        "severity": "INFO",
        "message": "settled",
        "at": 5.0,
        "job": "j",
        "state": "done",
        "logging.googleapis.com/trace": "projects/p/traces/"
        "0af7651916cd43dd8448eb211c80319c",
    }


def test_no_value_can_forge_a_line() -> None:
    """Line ends and long values stay inside their field."""
    (line,) = logged("poison", job='x\n{"severity":"CRITICAL"}\u2028', why="y" * 9999)
    assert line["severity"] == "INFO"
    assert len(str(line["why"])) == 2000


def test_lines_of_many_threads_do_not_mix() -> None:
    """Each line is one write under one lock."""
    stream = io.StringIO()
    log = Log(project="p", clock=MemoryClock(), stream=stream)

    def write() -> None:
        for _ in range(50):
            log("x", n="y" * 500)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([json.loads(line) for line in stream.getvalue().splitlines()]) == 400


def test_a_crash_tells_its_place_and_not_what_it_choked_on() -> None:
    """A foreign error's text may quote a prompt."""

    def fall() -> None:
        raise KeyError("a secret prompt")

    with pytest.raises(KeyError) as caught:
        fall()
    told = crash(caught.value)
    assert told["error"] == "KeyError"
    assert "secret" not in str(told)


def test_a_crash_inside_the_product_names_its_line() -> None:
    """The last frame of our own is where to look."""
    with pytest.raises(AttributeError) as caught:
        Log(project="p", clock=None)("x")  # type: ignore[arg-type]
    assert crash(caught.value)["place"].startswith("Log.__call__:")


def test_libraries_that_log_addresses_are_silenced() -> None:
    """Httpx writes whole URLs at INFO."""
    quiet()
    assert not logging.getLogger("httpx").isEnabledFor(logging.INFO)
