"""An officer's leave to have hashes signed: whose, for which application, with which key, which hashes, how many, until when.

Spec: CSC API 1.0.4.0 §11.6 (SAD, with SCAL 2), §11.7 (extendTransaction); security checklist 59. The activation data (SAD) is
made from the authorization's name with a key of the deployment's, so that who asks twice for the same gets the same, and the
database knows only its hash. Each hash has a transaction of its own (``signing.transaction``), named after the authorization: the
officer confirms each on the phone, where its four digits stand.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from ..mobile_signature import DigestName

MOST: Final = 5
"""Signatures that one authorization may ever cover; each waits for the others (``Rules.fetch_seconds``)."""


@dataclass(frozen=True, slots=True)
class Document:
    """What is signed, in words.

    Attributes:
        name: As the phone shows it: a number, or a short title.
        subject: In full, for the browser and for the history.
    """

    name: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Requester:
    """For whom and through what signatures are asked; of the session all is empty where an application asks by itself."""

    client_id: str
    sub: str
    unit_code: str
    title: str
    sid: str = ""
    acr: str = ""
    amr: str = ""
    auth_time: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be authorized.

    Attributes:
        digests: Each once.
        documents: One for each digest.
        total: Signatures altogether, with those that are to come by extension.
    """

    credential_id: str
    digest_name: DigestName
    digests: tuple[bytes, ...]
    documents: tuple[Document, ...]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """One authorization.

    Attributes:
        authorization_id: 192 random bits, base64url.
        before: The authorization that it extends, or empty; ``earlier`` the signatures that those before it cover.
        created_at: Seconds since the epoch; so ``open_until`` (nobody waits for it any more, or its activation data expires),
            ``ready_at`` (all is signed), ``used_at``.
        outcome: Why it came to nothing (``Outcome``, or the code of a refusal); empty while it may still come to something.
    """

    authorization_id: str
    requester: Requester
    wish: Wish
    before: str = ""
    earlier: int = 0
    created_at: int
    open_until: int
    ready_at: int | None = None
    used_at: int | None = None
    outcome: str = ""

    @property
    def is_open(self) -> bool:
        """Whether the phone is still asked, or is to be."""
        return self.ready_at is None and not self.outcome

    def key(self, number: int) -> str:
        """Name the transaction of one of its hashes, 0 for the first."""
        return f"csc:{self.authorization_id}:{number}"

    @property
    def fingerprint(self) -> bytes:
        """Tell it apart from all that asks for anything else; of two that ask for the same one is kept while it may be used."""
        asked = [self.requester.client_id, self.requester.sub, self.wish.credential_id, self.wish.digest_name, self.wish.total,
                 self.before, [digest.hex() for digest in self.wish.digests],
                 [[document.name, document.subject] for document in self.wish.documents]]
        return hashlib.sha256(json.dumps(asked).encode()).digest()


class Authorizations(Protocol):
    """Where authorizations rest. Every verb raises UnavailableError when the database does not answer."""

    def add(self, new: Authorization, sad_digest: bytes) -> Authorization:
        """Keep one, or give the one with this fingerprint that may still be used; callers at the same moment get the same."""
        ...

    def find(self, authorization_id: str) -> Authorization | None:
        """Find one."""
        ...

    def under_way(self, now: int, *, limit: int) -> Sequence[Authorization]:
        """Give those that are neither ready nor over and still stand, those first that end first."""
        ...

    def of_sad(self, sad_digest: bytes) -> Authorization | None:
        """Find one by what the database knows of its activation data."""
        ...

    def ready(self, authorization_id: str, ready_at: int, open_until: int) -> bool:
        """Note that all is signed; False where somebody has said so before, or it came to nothing."""
        ...

    def fail(self, authorization_id: str, outcome: str) -> bool:
        """Note that it came to nothing; False where it is ready, or somebody has said so before."""
        ...

    def use(self, authorization_id: str, now: int) -> bool:
        """Note that its signatures were given out; True for one caller."""
        ...

    def extend(self, authorization_id: str, fingerprint: bytes) -> bool:
        """Note what goes on from it; True where nothing has, or this very thing."""
        ...


class ActivationData:
    """Makes and recognises activation data.

    Args:
        key: 32 octets, this deployment's, for nothing else.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, authorization_id: str) -> str:
        """Give the SAD of an authorization: 43 characters, base64url."""
        made = hmac.digest(self._key, b"sad:" + authorization_id.encode(), "sha256")
        return base64.urlsafe_b64encode(made).decode().rstrip("=")

    def digest_of(self, authorization_id: str) -> bytes:
        """Give what the database knows of it."""
        return sad_digest(self.of(authorization_id))


def sad_digest(sad: str) -> bytes:
    """Give the SHA-256 of a SAD as it came, whatever it is."""
    return hashlib.sha256(sad.encode("utf-8", "surrogatepass")).digest()


def same_set(one: Sequence[bytes], other: Sequence[bytes]) -> bool:
    """Tell whether two lists hold the same hashes, each once."""
    return len(one) == len(other) and set(one) == set(other) and len(set(one)) == len(one)
