"""Where the keys of authorities are: in files, or in a token; told by what an authority says of its own key.

Spec: RFC 7512 §2.3: what begins with ``pkcs11:`` is in a token. New ones are made where the operator says; those that are there
stay where they are, so that moving means founding another authority.
"""

from __future__ import annotations

from typing import Final, Protocol

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from ...errors import ConfigurationError
from .lint import Linted
from .ports import Authority

IN_TOKEN: Final = "pkcs11:"


class KeyMaker(Protocol):
    """Makes keys of issuing authorities, where they stay."""

    def make(self, name: str) -> ec.EllipticCurvePublicKey:
        """Make the P-384 key of an authority; ConfigurationError when there is one of that name."""
        ...

    def place(self, name: str) -> str:
        """Give where the key of a name is, as ``Authority.key`` says it."""
        ...

    def opened(self, name: str, public: ec.EllipticCurvePublicKey) -> ec.EllipticCurvePrivateKey:
        """Give what signs with the key of a name, whose public part is known.

        Raises:
            ConfigurationError: there is none, or it is another one.
        """
        ...


class KeyHolder(KeyMaker, Protocol):
    """One place for keys."""

    def sign(self, authority: Authority, what: Linted) -> x509.Certificate:
        """As ``CertificateSigner``."""
        ...

    def key(self, authority: Authority) -> ec.EllipticCurvePrivateKey:
        """Give the key of an authority. Raises ConfigurationError, UnavailableError."""
        ...


class KeysByPlace:
    """Keys in both places.

    Args:
        files: Keys in ``keys/ca``.
        token: Keys in a token; None where there is none.
        new_in_token: New ones are made there.
    """

    def __init__(self, files: KeyHolder, token: KeyHolder | None, *, new_in_token: bool) -> None:
        self._files, self._token, self._new_in_token = files, token, new_in_token

    def make(self, name: str) -> ec.EllipticCurvePublicKey:
        """Make the key of an authority where new ones are made."""
        return self._new().make(name)

    def place(self, name: str) -> str:
        """Give where a new key of a name is."""
        return self._new().place(name)

    def opened(self, name: str, public: ec.EllipticCurvePublicKey) -> ec.EllipticCurvePrivateKey:
        """Give what signs with a new key of a name."""
        return self._new().opened(name, public)

    def sign(self, authority: Authority, what: Linted) -> x509.Certificate:
        """Sign what has passed the lint, with the authority's key."""
        return self._of(authority.key).sign(authority, what)

    def key(self, authority: Authority) -> ec.EllipticCurvePrivateKey:
        """Give the key of an authority."""
        return self._of(authority.key).key(authority)

    def _new(self) -> KeyHolder:
        return self._in_token("new authorities") if self._new_in_token else self._files

    def _of(self, place: str) -> KeyHolder:
        return self._in_token(place) if place.startswith(IN_TOKEN) else self._files

    def _in_token(self, what: str) -> KeyHolder:
        if self._token is None:
            raise ConfigurationError(f"The key of {what} is in a PKCS #11 token, and none is configured.",
                                     remedy="Set IDP_PKCS11_MODULE, IDP_PKCS11_TOKEN_LABEL and IDP_PKCS11_PIN_FILE.")
        return self._token
