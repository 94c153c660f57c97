"""The identity that signs pushes: OIDC tokens as Google issues them, from a local key.

The key is new with every start, so no token outlives the stack; `certs` and `jwks`
are what a verifier takes in place of Google's.
"""

from __future__ import annotations

import base64
import functools
import json
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

if TYPE_CHECKING:
    from functions.job.ports import Clock

ISSUER: Final = "https://accounts.google.com"
KEY_ID: Final = "plantain-local"
_LIFE: Final = 3600  # s
_REUSE: Final = 300  # s before its end a token is not handed out again
_SUBJECT: Final = "100000000000000000000"


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _number(value: int) -> str:
    return _b64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _part(content: dict[str, object]) -> str:
    return _b64(json.dumps(content, separators=(",", ":")).encode())


class Issuer:
    """Signs tokens with RS256 and shows the key that checks them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tokens: dict[tuple[str, str], tuple[int, str]] = {}

    @functools.cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def token(self, email: str, audience: str) -> str:
        """Return a token of `email` for `audience`, good for at least 5 minutes."""
        now = int(self._clock.now())
        end, token = self._tokens.get((email, audience), (0, ""))
        # A token from the future is useless too: the clock was set back.
        if not now + _REUSE < end <= now + _LIFE:
            end, token = now + _LIFE, self._sign(email, audience, now)
            self._tokens[email, audience] = (end, token)
        return token

    def certs(self) -> dict[str, str]:
        """Return the public keys, id -> PEM; `google.auth.jwt.decode` takes that."""
        public = self._key.public_key()
        pem = public.public_bytes(
            serialization.Encoding.PEM,
            serialization.PublicFormat.SubjectPublicKeyInfo,
        )
        return {KEY_ID: pem.decode()}

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """Return the public keys as a JSON Web Key Set."""
        numbers = self._key.public_key().public_numbers()
        key = {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": KEY_ID}
        return {"keys": [key | {"n": _number(numbers.n), "e": _number(numbers.e)}]}

    def _sign(self, email: str, audience: str, now: int) -> str:
        head = _part({"alg": "RS256", "kid": KEY_ID, "typ": "JWT"})
        claims = _part(
            {
                "aud": audience,
                "azp": _SUBJECT,
                "email": email,
                "email_verified": True,
                "exp": now + _LIFE,
                "iat": now,
                "iss": ISSUER,
                "sub": _SUBJECT,
            }
        )
        signed = f"{head}.{claims}"
        mark = self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{_b64(mark)}"
