from __future__ import annotations

import threading
from typing import Any

import google.auth
import google.auth.exceptions
import pytest

from functions.cloud.identity import AccessTokens, default_credentials, no_token
from functions.job.errors import NeighbourUnavailableError


class FakeCredentials:
    """Counts refreshes; its token is their number."""

    def __init__(self, error: Exception | None = None) -> None:
        self.valid = False
        self.token = "old"
        self.refreshed = 0
        self._error = error

    def refresh(self, request: object) -> None:
        if self._error:
            raise self._error
        self.refreshed += 1
        self.valid = True
        self.token = f"token-{self.refreshed}"


def tokens(credentials: Any) -> AccessTokens:  # a double
    return AccessTokens(lambda: credentials)


def test_a_valid_token_is_fetched_once() -> None:
    """All threads and requests share one token until it ends."""
    credentials = FakeCredentials()
    give = tokens(credentials)
    got: list[str] = []
    threads = [threading.Thread(target=lambda: got.append(give())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(got) == {"token-1"}


def test_an_ended_or_refused_token_is_renewed() -> None:
    """Renewed when it says so, and when Google said so with a 401."""
    credentials = FakeCredentials()
    give = tokens(credentials)
    give()
    credentials.valid = False
    assert give() == "token-2"
    assert give(fresh=True) == "token-3"


@pytest.mark.parametrize(
    ("kind", "remedy"),
    [
        ("DefaultCredentialsError", "gcloud auth"),
        ("RefreshError", "service account"),
        ("TransportError", "service account"),
    ],
)
def test_no_token_is_an_error_with_a_remedy(kind: str, remedy: str) -> None:
    """The operator reads what to do, never what the token service said."""
    error = getattr(google.auth.exceptions, kind)("secret")
    with pytest.raises(NeighbourUnavailableError, match=remedy) as caught:
        tokens(FakeCredentials(error))()
    assert "secret" not in str(caught.value)


def test_an_emulator_gets_no_token() -> None:
    """No credentials are looked for where none are needed."""
    assert no_token() == no_token(fresh=True) == ""


def test_the_default_is_the_account_of_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Application default credentials, scoped for Google Cloud."""
    asked: list[object] = []

    def default(scopes: list[str]) -> tuple[str, str]:
        asked.extend(scopes)
        return "credentials", "project"

    monkeypatch.setattr(google.auth, "default", default)
    assert default_credentials() == "credentials"  # type: ignore[comparison-overlap]
    assert asked == ["https://www.googleapis.com/auth/cloud-platform"]
