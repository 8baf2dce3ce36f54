"""The port to a mobile signature service, and the values that pass through it.

Spec: ETSI TS 102 204 §6 (functions), asynchronous client-server mode only: a request is taken at once, and its answer is asked
for until there is one. Whoever calls has stored what is being asked before: a call whose answer was lost is made again under the
same name, which the service knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from .outcome import Outcome

DigestName = Literal["sha256", "sha384", "sha512"]
KeyUse = Literal["signing", "authentication"]
"""Which key of a card is meant: the one that signs documents, or the one that proves who signs in. Neither answers for the other
(decision 0011)."""


@dataclass(frozen=True, slots=True)
class SignatureRequest:
    """One question to one phone.

    Attributes:
        transaction: Our name of it (``AP_TransID``): begins with a letter, at most 64 characters of ``A-Z a-z 0-9 . _ -``.
        msisdn: The number, international, without ``+``.
        digest: What is signed; as long as its algorithm's hash.
        digest_name: Its algorithm.
        text: What the phone shows, as ``sim_text`` makes it.
        timeout_seconds: How long the officer has.
        use: Which key is to sign.
    """

    transaction: str
    msisdn: str
    digest: bytes
    digest_name: DigestName
    text: str
    timeout_seconds: int
    use: KeyUse = "signing"


@dataclass(frozen=True, slots=True)
class Exchange:
    """What went over the line, for the evidence: both sides' octets, without the password."""

    sent: bytes
    received: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service said.

    Attributes:
        outcome: What it means.
        code: Its code; ``finer`` the one below it, of a fault.
        service_transaction: The service's name of the transaction (``MSSP_TransID``), or empty.
        signature: As the card made it, raw; only where the outcome ``has_signed``.
        message: The service's own words; for the log, never for the officer.
        exchange: The octets.
    """

    outcome: Outcome
    code: int
    finer: int | None
    service_transaction: str
    signature: bytes | None
    message: str
    exchange: Exchange


@dataclass(frozen=True, slots=True)
class SimState:
    """What a service knows of a number (profile request).

    Attributes:
        answer: What came of the question.
        profiles: Signature profiles (URIs) of the number.
        iccid: Number of the card, digits, or empty where the service does not say.
        pin_blocked: Whether the PIN is blocked; None where the service does not say.
        certificates: DER of those that the service holds for it.
    """

    answer: Answer
    profiles: tuple[str, ...] = ()
    iccid: str = ""
    pin_blocked: bool | None = None
    certificates: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Registered:
    """What came of registering a number.

    Attributes:
        answer: What came of it.
        public_key: Of the card (DER ``SubjectPublicKeyInfo``), where the service gives it.
        certificate: DER, where the service has made or taken one.
    """

    answer: Answer
    public_key: bytes | None = None
    certificate: bytes | None = None


class MobileSignatureService(Protocol):
    """What a carrier's service does for the province.

    Every verb raises UnavailableError (dependency ``mobile_signature``) where nobody answers in time, and also where the answer
    is no answer to what was asked: another transaction, another number, not what the schema allows. None waits for a person.
    """

    @property
    def authenticates(self) -> bool:
        """Whether cards are asked here with a key that is for signing in."""
        ...

    def sign(self, request: SignatureRequest) -> Answer:
        """Ask a phone for a signature; for ``authentication`` only where the service ``authenticates``.

        Sent twice with the same transaction it is one transaction: the service gives the answer of the first.
        """
        ...

    def status(self, transaction: str, service_transaction: str, msisdn: str) -> Answer:
        """Ask what became of it; ``transaction`` is a new name for this question."""
        ...

    def profile(self, transaction: str, msisdn: str) -> SimState:
        """Ask what the service knows of a number."""
        ...

    def register(self, transaction: str, msisdn: str, iccid: str, certificate: bytes | None = None, *,
                 use: KeyUse = "signing") -> Registered:
        """Register a number with its card; with the certificate (DER) that belongs to the key of a use once there is one."""
        ...

    def receipt(self, transaction: str, service_transaction: str, msisdn: str, text: str) -> Answer:
        """Tell the phone what became of its signature."""
        ...

    def handshake(self, transaction: str) -> Answer:
        """Ask whether the service is there and lets us in."""
        ...
