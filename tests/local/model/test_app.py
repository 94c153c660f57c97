from __future__ import annotations

import httpx
import pytest

from functions.clock import SystemClock
from functions.local.model import app as app_module
from functions.local.model.app import ModelApp
from functions.local.serving import Background
from tests.local.model.stand import KEY, MODEL, Stand, body


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("POST", "/v1beta/openai/images/generations", "OpenAI-compatible"),
        ("POST", "/v1/chat/completions", "relay"),
        ("POST", "/v1beta/interactions", "Interactions"),
        ("GET", "/v1/interactions/x", "Interactions"),
        ("POST", f"/v1beta/models/{MODEL}:batchGenerateContent", "Batch"),
        ("GET", "/v1beta/batches/x", "Batch"),
        ("POST", "/upload/v1beta/files", "Files"),
        ("GET", "/v1beta/files/x:download", "Files"),
        ("POST", f"/v1beta/models/{MODEL}:countTokens", "countTokens"),
        (
            "POST",
            f"/v1/projects/p/locations/global/publishers/google/models/{MODEL}:x",
            "Vertex",
        ),
        ("POST", f"/v1beta1/publishers/google/models/{MODEL}:x", "Vertex"),
    ],
)
def test_what_is_not_there_yet_says_so(
    stand: Stand, method: str, path: str, name: str
) -> None:
    """501 UNIMPLEMENTED, by name, never a 404 that looks like a wrong address."""
    answer = stand.client.request(method, stand.url + path, json={})
    assert answer.status_code == 501
    error = answer.json()["error"]
    assert error["status"] == "UNIMPLEMENTED"
    assert name in error["message"]


def test_the_key(stand: Stand) -> None:
    """Missing 403, wrong 400 API_KEY_INVALID, a bearer token 401."""
    assert stand.refused(key=None)["status"] == "PERMISSION_DENIED"
    assert stand.refused(key="x")["details"][0]["reason"] == "API_KEY_INVALID"
    answer = stand.post(headers={"Authorization": "Bearer t"}, key=None)
    assert answer.status_code == 401
    assert stand.app.meter.calls == 0


def test_a_key_in_the_address_works_and_is_flagged(stand: Stand) -> None:
    """As Google takes it; but the log says so and holds no key."""
    method = f"generateContent?key={KEY}"
    assert stand.post(method=method, key=None).status_code == 200
    entry = stand.app.meter.log()[-1]
    assert entry["key_in_query"] is True
    assert KEY not in str(entry)


def test_without_a_key_everybody_may_come_in() -> None:
    """key=None switches the check off."""
    app = ModelApp(clock=SystemClock(), key=None, signature_bytes=64)
    with Background(app) as (url,):
        answer = httpx.post(f"{url}/v1/models/{MODEL}:generateContent", json=body())
    assert answer.status_code == 200


@pytest.mark.parametrize("model", ["nano-banana-9", "gemini-3-pro-image-preview"])
def test_an_unknown_model_gets_the_recorded_404(stand: Stand, model: str) -> None:
    """Typing errors and dead previews alike."""
    assert stand.refused(model=model) == {
        "code": 404,
        "message": f"models/{model} is not found for API version v1beta, or is not"
        " supported for generateContent. Call ModelService.ListModels to see the list"
        " of available models and their supported methods.",
        "status": "NOT_FOUND",
    }


def test_models_are_listed(stand: Stand) -> None:
    """The list and each of its entries, with the key only."""
    headers = {"x-goog-api-key": KEY}
    url = f"{stand.url}/v1beta/models"
    listed = stand.client.get(url, headers=headers).json()["models"]
    for entry in listed:
        path = f"{stand.url}/v1beta/{entry['name']}"
        assert stand.client.get(path, headers=headers).json() == entry
    assert stand.client.get(url).status_code == 403
    assert stand.client.get(f"{url}/x", headers=headers).status_code == 404


@pytest.mark.parametrize("path", ["/", "/v1beta", "/v2/models", "/v1beta/models/a/b"])
def test_other_paths_are_nowhere(stand: Stand, path: str) -> None:
    """404 in Google's envelope."""
    answer = stand.client.get(stand.url + path)
    assert answer.status_code == 404
    assert answer.json()["error"]["status"] == "NOT_FOUND"


def test_a_request_beyond_the_limit_is_refused(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What Google does not take inline is a 413, and it is not parsed."""
    monkeypatch.setattr(app_module, "_BODY_LIMIT", 3000)
    assert stand.post(body("x" * 3001)).status_code == 413
    assert stand.post(body("x" * 300)).status_code == 200


def test_the_headers_are_googles(stand: Stand) -> None:
    """As recorded, with the time the server took; no length, so it is chunked."""
    headers = stand.post().headers
    assert headers["content-type"] == "application/json; charset=UTF-8"
    assert headers["server-timing"].startswith("gfet4t7; dur=")
    assert headers["transfer-encoding"] == "chunked"
    assert "content-length" not in headers
