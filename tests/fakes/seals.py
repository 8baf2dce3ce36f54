"""A seal key and a memory of heads that live in the test."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from idp.audit.chain import KnownHead
from idp.errors import UnavailableError


class MemorySealSigner:
    """An ES256 key without a file."""

    def __init__(self, key_id: str = "test-1") -> None:
        self.key_id = key_id
        self._key = ec.generate_private_key(ec.SECP256R1())

    def sign(self, message: bytes) -> bytes:
        r, s = decode_dss_signature(self._key.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def verify(self, key_id: str, message: bytes, signature: bytes) -> bool:
        der = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
        return self.verify_der(key_id, message, der)

    def sign_der(self, message: bytes) -> bytes:
        return self._key.sign(message, ec.ECDSA(hashes.SHA256()))

    def public_pem(self) -> bytes:
        return self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def signed(self, message: bytes, signature: bytes) -> bool:
        return self.verify_der(self.key_id, message, signature)

    def verify_der(self, key_id: str, message: bytes, signature: bytes) -> bool:
        try:
            self._key.public_key().verify(signature, message, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return key_id == self.key_id


class MemorySealHeads:
    """Remembers chains and their newest seals, the chain of today last; ``broken`` makes it fail."""

    def __init__(self) -> None:
        self.chains: list[KnownHead] = []
        self.broken = False

    def newest(self) -> KnownHead | None:
        self._refuse()
        return self.chains[-1] if self.chains else None

    def keep(self, known: KnownHead) -> None:
        before = self.newest()
        if before is None or (before.chain == known.chain and before.head.number < known.head.number):
            self.chains = [*self.chains[:-1], known]

    def accept(self, known: KnownHead) -> None:
        self._refuse()
        self.chains = [*(other for other in self.chains if other.chain != known.chain), known]

    def _refuse(self) -> None:
        if self.broken:
            raise UnavailableError("no", dependency="audit_head")
