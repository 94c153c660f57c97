"""Push tokens verify with Google's own library and with the JSON Web Key Set."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from google.auth import exceptions, jwt

from functions.clock import SystemClock
from functions.local.pubsub.identity import ISSUER, Issuer
from tests.local.pubsub.manual import ManualClock

DECODE: Any = jwt.decode  # the library has no types
EMAIL = "push@plantain.iam.gserviceaccount.com"


def _number(text: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(text + "=="), "big")


def test_googles_verifier_takes_the_token_with_our_certs() -> None:
    """Law: signature, audience, issuer and email are what a verifier asks for."""
    issuer = Issuer(SystemClock())
    token = issuer.token(EMAIL, "https://f.example/")
    claims = DECODE(token, certs=issuer.certs(), audience="https://f.example/")
    assert claims["email"] == EMAIL
    assert claims["email_verified"] is True
    assert claims["iss"] == ISSUER
    with pytest.raises(exceptions.InvalidValue):
        DECODE(token, certs=issuer.certs(), audience="https://g.example/")
    with pytest.raises(exceptions.MalformedError):
        DECODE(token, certs=Issuer(SystemClock()).certs())


def test_the_key_set_checks_the_same_signature() -> None:
    """Law: `jwks` holds the key that signed, under the id in the token's header."""
    issuer = Issuer(ManualClock())
    head, claims, mark = issuer.token(EMAIL, "a").split(".")
    (key,) = issuer.jwks()["keys"]
    assert json.loads(base64.urlsafe_b64decode(head + "=="))["kid"] == key["kid"]
    public = rsa.RSAPublicNumbers(_number(key["e"]), _number(key["n"])).public_key()
    signature = base64.urlsafe_b64decode(mark + "==")
    signed = f"{head}.{claims}".encode()
    public.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
    with pytest.raises(InvalidSignature):
        public.verify(signature, signed + b"x", padding.PKCS1v15(), hashes.SHA256())


def test_a_token_is_reused_while_it_is_good() -> None:
    """Law: one token for each email and audience until 5 minutes before its end."""
    clock = ManualClock()
    issuer = Issuer(clock)
    first = issuer.token(EMAIL, "a")
    clock.wait(3200)
    assert issuer.token(EMAIL, "a") == first
    assert issuer.token(EMAIL, "b") != first
    clock.wait(101)
    second = issuer.token(EMAIL, "a")
    assert second != first
    claims = DECODE(second, verify=False)
    assert claims["iat"] == int(clock.now())
    assert claims["exp"] - claims["iat"] == 3600
    clock.wait(-3600)
    assert issuer.token(EMAIL, "a") != second, "not issued in the future"
