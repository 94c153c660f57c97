"""A foreign client: openai 3.52.0, on the routes that are not there yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import openai
import pytest

if TYPE_CHECKING:
    from tests.local.model.stand import Stand


@pytest.mark.parametrize("base", ["/v1beta/openai", "/v1"])
def test_what_is_missing_is_a_typed_error(stand: Stand, base: str) -> None:
    """A 501 that names the missing route, as the client's own exception."""
    client = openai.OpenAI(api_key="k", base_url=stand.url + base, max_retries=0)
    with pytest.raises(openai.InternalServerError, match="not implement") as caught:
        client.images.generate(model="gemini-2.5-flash-image", prompt="a fox")
    assert caught.value.status_code == 501
    with pytest.raises(openai.InternalServerError, match="route yet"):
        client.chat.completions.create(
            model="gemini-2.5-flash-image",
            messages=[{"role": "user", "content": "a fox"}],
        )
    client.close()
