"""Keys of issuing authorities in a PKCS #11 token (``pki.authority``: ``CertificateSigner`` and ``KeyMaker``).

Spec: RFC 7512 §2.3 (URI of a key). A key is found by an identifier that follows from the authority's name, so that a name is one
key. P-384, sensitive and not extractable. Every signature is verified with the authority's own certificate before it leaves.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final, NoReturn, Protocol

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA384

from ..errors import ConfigurationError
from ..pki.authority.hierarchy import sign_with
from ..pki.authority.lint import Linted
from ..pki.authority.ports import Authority

ALGORITHM: Final = "ES384"
_DIGEST: Final = SHA384


class Token(Protocol):
    """A token with keys (``pkcs11_keys``)."""

    def makes(self, alg: str) -> bool:
        """Tell whether it makes keys of an algorithm."""
        ...

    def make(self, alg: str, number: bytes, label: str) -> tuple[str, Any]:
        """Make a key that cannot leave; gives its URI and its public part."""
        ...

    def uri(self, number: bytes) -> str:
        """Give the URI of the key with a number."""
        ...

    def holds(self, uri: str) -> bool:
        """Tell whether there is such a key."""
        ...

    def sign(self, uri: str, alg: str, message: bytes) -> bytes:
        """Sign; ECDSA signatures in DER."""
        ...


class TokenKeys:
    """Keys in a token.

    Args:
        token: The token; all keys in it go through this one object, because a module takes one thread at a time.
    """

    def __init__(self, token: Token) -> None:
        self._token = token

    def place(self, name: str) -> str:
        """Give where the key of an authority is: its URI."""
        return self._token.uri(_number(name))

    def make(self, name: str) -> ec.EllipticCurvePublicKey:
        """Make the key of an authority."""
        if not self._token.makes(ALGORITHM):
            raise ConfigurationError("The PKCS #11 token makes no keys on curves.",
                                     remedy="Use another token, or set IDP_CA_KEYS to file.")
        if self._token.holds(self.place(name)):
            raise ConfigurationError(f"The PKCS #11 token has a key for {name!r} already.",
                                     remedy="Choose another name for the authority.")
        _uri, public = self._token.make(ALGORITHM, _number(name), f"idp authority {name}")
        made: ec.EllipticCurvePublicKey = public
        return made

    def opened(self, name: str, public: ec.EllipticCurvePublicKey) -> ec.EllipticCurvePrivateKey:
        """Give what signs with the key of a name; ``public`` is what its signatures have to verify with."""
        return _InToken(self._token, self.place(name), public)

    def sign(self, authority: Authority, what: Linted) -> x509.Certificate:
        """Sign what has passed the lint."""
        return sign_with(self.key(authority), what, _DIGEST())

    def key(self, authority: Authority) -> ec.EllipticCurvePrivateKey:
        """Give what signs with the key of an authority, its lists of revoked certificates too."""
        public = x509.load_der_x509_certificate(authority.certificate).public_key()
        assert isinstance(public, ec.EllipticCurvePublicKey)
        return _InToken(self._token, authority.key, public)


def _number(name: str) -> bytes:
    return sha256(f"idp authority {name}".encode()).digest()[:16]


class _InToken(ec.EllipticCurvePrivateKey):
    """Stands for the private key where ``cryptography`` asks for one."""

    def __init__(self, token: Token, uri: str, public: ec.EllipticCurvePublicKey) -> None:
        self._token, self._uri, self._public = token, uri, public

    def sign(self, data: Any, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        if not isinstance(signature_algorithm.algorithm, _DIGEST):
            raise TypeError("keys of authorities sign with SHA-384")
        signature = self._token.sign(self._uri, ALGORITHM, bytes(data))
        try:
            self._public.verify(signature, bytes(data), ec.ECDSA(_DIGEST()))
        except InvalidSignature as err:
            raise ConfigurationError(f"The key {self._uri} of the PKCS #11 token is not the authority's.",
                                     remedy="Connect the token in which the authority was made, or its backup.") from err
        return signature

    def public_key(self) -> ec.EllipticCurvePublicKey:
        return self._public

    @property
    def curve(self) -> ec.EllipticCurve:
        return self._public.curve

    @property
    def key_size(self) -> int:
        return self._public.key_size

    def exchange(self, *_given: Any) -> NoReturn:
        raise TypeError("keys of authorities sign and do nothing else")

    def private_numbers(self) -> NoReturn:
        raise TypeError("a private key in a token cannot be read")

    def private_bytes(self, *_given: Any, **_more: Any) -> NoReturn:
        raise TypeError("a private key in a token cannot be read")

    def __copy__(self) -> _InToken:
        return self

    def __deepcopy__(self, _memo: Any) -> _InToken:
        return self
