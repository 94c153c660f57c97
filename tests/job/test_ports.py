from __future__ import annotations

from functions.job.ports import Delivery


def test_a_delivery_shows_no_content() -> None:
    """Its repr may end in a traceback; the prompt must not."""
    assert "secret" not in repr(Delivery(message_id="m", data=b"secret"))
