"""Recovery codes: ten on paper, each good once, for the day on which the telephone is not there.

Sources: NIST SP 800-63B-4 §3.1.2 (look-up secrets), OWASP ASVS 5.0 6.5.1-6.5.3; security checklist 15, 28, 33. RFC 8176 has no
value of its own for them; each is a one-time password in the sense of RFC 4949, to which its ``otp`` refers, so that is said.
They stand beside a factor that does not wear out, never instead of one.

A code has 50 random bits in ten signs that are not mistaken for each other. Too few to keep as a plain digest, so the digest is
keyed (HMAC-SHA-256 under a key derived from the key-encryption key) and bound to the officer: whoever copies the database has
nothing. Slow hashing would add nothing to that but a tenth of a second per code. A set is one row: a new set replaces the old one
in one write, and using a code is setting its bit where it is not set.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from ..audit import AuditEvent, AuditRecord, Caller
from ..clock import Clock
from ..directory.mirror import MirroredOfficer
from ..notices import Notice, NoticeKind
from .assurance import OTP, TWO_FACTORS
from .second_factor import Acceptance, Proof, Standing, told

CODES: Final = 10
FEW: Final = 3
"""From so many on an officer is reminded to make a new set."""
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH = 10
_DIGEST_BYTES = 32
_READ_AS = str.maketrans({"o": "0", "i": "1", "l": "1"})


@dataclass(frozen=True, slots=True)
class CodeSet:
    """An officer's set.

    Attributes:
        digests: Keyed digests of all codes, one after another.
        used: Bit n is set when code n was used.
        created_at: When it was made.
        last_used_at: When a code of it was last accepted.
    """

    digests: bytes
    used: int
    created_at: int
    last_used_at: int | None

    @property
    def left(self) -> int:
        """How many codes can still be used."""
        return len(self.digests) // _DIGEST_BYTES - self.used.bit_count()


class RecoveryCodeStore(Protocol):
    """Where sets are kept. Every verb may raise UnavailableError(dependency="database")."""

    def find(self, entry_uuid: str) -> CodeSet | None:
        """Find an officer's set."""
        ...

    def put(self, entry_uuid: str, digests: bytes, now: int, record: AuditRecord, notice: Notice) -> None:
        """Give an officer a set, and write record and notice with it; no code of the set before is good from then on."""
        ...

    def use(self, entry_uuid: str, digests: bytes, bit: int, now: int, record: AuditRecord, notice: Notice) -> bool:
        """Set a bit of this very set if it is not set, and then write record and notice: durable, one atomic statement.

        Of any number of callers with the same bit, on any node, exactly one gets True.
        """
        ...

    def remove(self, entry_uuid: str, record: AuditRecord, notice: Notice) -> bool:
        """Take the set away, and then write record and notice; False when there was none."""
        ...


class RecoveryCodes:
    """The factor ``recovery_codes``.

    Args:
        store: Where sets are kept.
        key: Of the digests; every node has the same.
        clock: Source of the time.
    """

    name: Final = "recovery_codes"
    level: Final = TWO_FACTORS

    def __init__(self, store: RecoveryCodeStore, key: bytes, clock: Clock) -> None:
        self._store = store
        self._key = key
        self._clock = clock

    def issue(self, officer: MirroredOfficer, caller: Caller) -> tuple[str, ...]:
        """Give an officer a new set, to be shown once; the old one is worthless from now on."""
        entry_uuid = officer.officer.entry_uuid
        codes = ["".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH)) for _ in range(CODES)]
        now = self._clock.now()
        record = AuditRecord(AuditEvent.FACTOR_ENROLLED, now, sub=officer.sub, source=caller.source, request_id=caller.request_id,
                             detail={"factor": self.name, "codes": CODES, **caller.by})
        self._store.put(entry_uuid, b"".join(self._digest(entry_uuid, code) for code in codes), now, record,
                        told(NoticeKind.FACTOR_ADDED, record))
        return tuple(f"{code[:5]}-{code[5:]}" for code in codes)

    def standings(self, entry_uuid: str) -> tuple[Standing, ...]:
        """Give the set, if the officer has one, with what is left of it."""
        found = self._store.find(entry_uuid)
        return () if found is None else (Standing(self.name, found.created_at, found.last_used_at, left=found.left),)

    def verify(self, entry_uuid: str, answer: Mapping[str, str], record: AuditRecord) -> Proof:
        """Check the code in the field ``recovery_code`` and use it up."""
        found = self._store.find(entry_uuid)
        if found is None:
            return Proof(Acceptance.NOT_ENROLLED)
        typed = self._digest(entry_uuid, plain(answer.get("recovery_code", "")))
        kept = [found.digests[start:start + _DIGEST_BYTES] for start in range(0, len(found.digests), _DIGEST_BYTES)]
        # All are compared, whichever matches, so that time tells nothing about the set.
        matches = [number for number, digest in enumerate(kept) if hmac.compare_digest(digest, typed)]
        if not matches:
            return Proof(Acceptance.REFUSED)
        notice = told(NoticeKind.RECOVERY_CODE_USED, record, left=str(found.left - 1))
        if not self._store.use(entry_uuid, found.digests, 1 << matches[0], self._clock.now(), record, notice):
            return Proof(Acceptance.REUSED)
        return Proof(Acceptance.ACCEPTED, (OTP,))

    def remove(self, entry_uuid: str, id: str, record: AuditRecord, *, keep_one: bool = False) -> bool:
        """Take the set away, which wears out in any case."""
        return not id and self._store.remove(entry_uuid, record, told(NoticeKind.FACTOR_REMOVED, record))

    def _digest(self, entry_uuid: str, code: str) -> bytes:
        return hmac.digest(self._key, f"{entry_uuid}\0{code}".encode("utf-8", "surrogatepass"), hashlib.sha256)


def plain(typed: str) -> str:
    """Give the one form of a code: without case, spaces and hyphens of any kind; letters that look like digits are digits.

    Text that is too long for a code is cut short of being one.
    """
    if len(typed) > 64:
        return ""
    folded = unicodedata.normalize("NFKC", typed).casefold()
    kept = "".join(c for c in folded if not c.isspace() and unicodedata.category(c) not in {"Pd", "Cf"})
    # Without what stood between them, a letter and its mark are one character.
    return unicodedata.normalize("NFKC", kept).translate(_READ_AS)
