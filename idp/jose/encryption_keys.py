"""Keys of ours that applications encrypt to: which one the world is shown, and which ones still decrypt.

Spec: RFC 7517 §4.2 (use), §5; RFC 7518 §4.3, §4.6; OpenID Connect Core §10.2.1 (rotation of encryption keys). The same table,
states and rotation as for signing keys, read the other way round: whoever encrypts takes a key that is published, so only the
newest one is. ``next`` is in the JWK Set and decrypts; ``active`` was until the last rotation, and decrypts what comes late;
``retired`` and ``removed`` have no private part any more. So a rotation cuts nobody off who keeps the JWK Set as long as it may,
unless two follow within that time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..audit import Caller
from ..clock import Clock
from ..errors import UnavailableError
from . import jwe
from .keyset import KeyRing, KeyStore
from .rotation import ROTATION_SECONDS
from .signing_key import ENCRYPTION_ALGORITHMS, KeyObject, Sealer, StoredKey, open_key

_DECRYPTING: Final = ("next", "active")
_KIND_OF: Final[Mapping[str, str]] = {alg: "RSA-OAEP-256" if alg.startswith("RSA") else "ECDH-ES" for alg in jwe.ALGORITHMS}
"""By the algorithm of a token, the kind of key that it needs: all of ECDH-ES share one."""


class EncryptionKeys:
    """The keys of this process.

    Args:
        store: Where keys rest.
        sealer: Seals private parts for it.
        clock: Source of the time.
        rotation_seconds: How long a key is published; 0 leaves that to operators.
    """

    def __init__(self, store: KeyStore, sealer: Sealer, clock: Clock, *, rotation_seconds: int = ROTATION_SECONDS) -> None:
        self._ring = KeyRing(store, sealer, clock, rotation_seconds=rotation_seconds, algorithms=ENCRYPTION_ALGORITHMS)
        self._sealer = sealer
        self._opened: dict[str, KeyObject] = {}

    def decrypt(self, token: str) -> str:
        """Read what an application encrypted to us; asks no database as long as the keys stay the same.

        Args:
            token: A compact JWE, as received.

        Raises:
            DecryptionError: it is none that these keys open, or not of the algorithms that are offered.
        """
        header = jwe.header_of(token)
        kind, kid = _KIND_OF[header["alg"]], header.get("kid")
        fitting = [key for key in self._ring.stored() if key.alg == kind and key.state in _DECRYPTING and kid in (None, key.kid)]
        for stored in fitting:
            try:
                return jwe.decrypt(token, self._open(stored), alg=header["alg"], enc=header["enc"])
            except jwe.DecryptionError:
                continue
        raise jwe.DecryptionError("The token is not encrypted to a key of ours.")

    def ensure(self, caller: Caller) -> None:
        """Make what is missing; as ``KeyRing.ensure``."""
        self._ring.ensure(caller)

    def rotate(self, alg: str, *, emergency: bool = False, caller: Caller) -> None:
        """Publish a new key of a kind and keep the one before for what comes late; errors as ``KeyRing.rotate``.

        Args:
            alg: One of ``ENCRYPTION_ALGORITHMS``.
            emergency: Nothing that was ever published decrypts any more.
            caller: Who asked, for the audit.
        """
        for _ in range(2 if emergency else 1):
            self._ring.rotate(alg, emergency=emergency, caller=caller)

    def rotate_due(self, caller: Caller) -> str | None:
        """Rotate what is due; as ``KeyRing.rotate_due``."""
        return self._ring.rotate_due(caller)

    def next_rotation_at(self, alg: str) -> int | None:
        """Tell when the worker publishes another key; None when nobody but an operator does."""
        return self._ring.next_rotation_at(alg)

    def prove(self) -> None:
        """Decrypt with every key that should, for operators.

        Raises:
            ConfigurationError: one does not open.
            UnavailableError: one is missing.
        """
        for alg in ENCRYPTION_ALGORITHMS:
            keys = [key for key in self._ring.stored() if key.alg == alg and key.state in _DECRYPTING]
            if {key.state for key in keys} != set(_DECRYPTING):
                raise UnavailableError(f"There are no {alg} keys to encrypt to.", dependency="keys")
            for key in keys:
                self.decrypt(jwe.encrypt("probe", self._open(key), alg=alg, enc=jwe.ENCRYPTIONS[0]))

    def _open(self, stored: StoredKey) -> KeyObject:
        key = self._opened.get(stored.kid)
        if key is None:
            key = self._opened[stored.kid] = open_key(stored, sealer=self._sealer).key
        return key
