"""Who we are to Google: access tokens of the instance's own account.

Law: a token is fetched when first needed, shared by all threads, renewed before it
ends, and never part of an error text.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final, Protocol

from functions.job.errors import NeighbourUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.auth.credentials import Credentials

SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"


class Tokens(Protocol):
    """Gives the bearer token of the next request; "" stands for none."""

    def __call__(self, *, fresh: bool = False) -> str:
        """Return a token; a `fresh` one when the last was refused."""
        ...


def no_token(*, fresh: bool = False) -> str:  # noqa: ARG001  # keeps Tokens
    """Return no token: an emulator asks for none."""
    return ""


def default_credentials() -> Credentials:
    """Return the application default credentials of this process."""
    # Half of the cold start would be this import; the emulator never needs it.
    import google.auth  # noqa: PLC0415

    credentials, _project = google.auth.default(scopes=[SCOPE])
    return credentials


class AccessTokens:
    """Tokens of `load`'s credentials, loaded once and refreshed when they end."""

    def __init__(self, load: Callable[[], Credentials] = default_credentials) -> None:
        self._load = load
        self._credentials: Credentials | None = None
        self._lock = threading.Lock()

    def __call__(self, *, fresh: bool = False) -> str:
        """Return a valid token.

        Raises:
            NeighbourUnavailableError: Google gave none.

        """
        import google.auth.exceptions  # noqa: PLC0415  # see default_credentials

        try:
            with self._lock:
                if self._credentials is None:
                    self._credentials = self._load()
                if fresh or not self._credentials.valid:
                    self._refresh(self._credentials)
                return str(self._credentials.token)
        except google.auth.exceptions.DefaultCredentialsError:
            raise NeighbourUnavailableError(
                "no Google credentials were found: run as a service account, or run"
                " `gcloud auth application-default login` on a laptop"
            ) from None
        except google.auth.exceptions.GoogleAuthError as error:
            raise NeighbourUnavailableError(
                f"Google gave no access token ({type(error).__name__}): check that"
                " the service account exists and is enabled"
            ) from None

    @staticmethod
    def _refresh(credentials: Credentials) -> None:
        import google.auth.transport.requests  # noqa: PLC0415  # as above

        credentials.refresh(google.auth.transport.requests.Request())
