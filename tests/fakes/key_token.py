"""A token that keeps private keys, in memory."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey

from idp.errors import UnavailableError
from idp.jose.signing_key import ALGORITHMS, KeyObject, PublicKey


class FakeKeyToken:
    """Satisfies the KeyToken port; ``down`` makes everything that asks the device fail."""

    def __init__(self, offers: tuple[str, ...] = ALGORITHMS) -> None:
        self.down = False
        self.offers = offers
        self.keys: dict[str, Any] = {}
        self._numbers = itertools.count()

    def _up(self) -> None:
        if self.down:
            raise UnavailableError("Down.", dependency="key_token")

    def makes(self, alg: str) -> bool:
        self._up()
        return alg in self.offers

    def make(self, alg: str) -> tuple[str, PublicKey]:
        self._up()
        private: Any
        if alg == "ES256":
            private = ec.generate_private_key(ec.SECP256R1())
        elif alg == "EdDSA":
            private = ed25519.Ed25519PrivateKey.generate()
        else:
            private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        uri = f"pkcs11:token=fake;id=%{next(self._numbers):02X};type=private"
        self.keys[uri] = private
        return uri, private.public_key()

    def private(self, uri: str, public: Any) -> Any:
        self._up()
        if uri not in self.keys or self.keys[uri].public_key() != public:
            raise UnavailableError("No such key.", dependency="key_token")
        return self.keys[uri]

    def open(self, uri: str, jwk: Mapping[str, Any]) -> KeyObject:
        public = JWKRegistry.import_key(dict(jwk))
        kind = {"EC": _Ec, "RSA": _Rsa, "OKP": _Okp}[public.key_type]
        return kind(self, uri, public.raw_value, dict(jwk))

    def holds(self, uri: str) -> bool:
        self._up()
        return uri in self.keys

    def destroy(self, uri: str) -> None:
        self._up()
        self.keys.pop(uri, None)

    def check(self) -> str:
        self._up()
        return "fake"


class _Opened:
    def __init__(self, token: FakeKeyToken, uri: str, public: Any, jwk: dict[str, Any]) -> None:
        super().__init__(public, jwk)  # type: ignore[call-arg]
        self._token, self._uri = token, uri

    def get_op_key(self, operation: Any) -> Any:
        if operation == "sign":
            return self._token.private(self._uri, self.public_key)  # type: ignore[attr-defined]
        return super().get_op_key(operation)  # type: ignore[misc]


class _Ec(_Opened, ECKey):
    pass


class _Rsa(_Opened, RSAKey):
    pass


class _Okp(_Opened, OKPKey):
    pass
