"""What the codes of a mobile signature service mean to a person.

Spec: ETSI TS 102 204 (status and fault codes), with the finer codes that services add below them. A finer code counts before the
one above it; a code that nobody wrote down counts as its family. Of a signature "valid" says that the service thinks so: it is
verified here before anybody gets it (security checklist 58).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Outcome(StrEnum):
    """What came of a request, from the officer's side."""

    ACCEPTED = "accepted"
    PENDING = "pending"
    SIGNED = "signed"
    VALID = "valid"
    INVALID = "invalid"
    REVOKED = "revoked"
    CONSTRAINT = "constraint"
    """The service holds the certificate for one of another kind, such as one for tests."""

    CANCELLED = "cancelled"
    POSTPONED = "postponed"
    WRONG_PIN = "wrong_pin"
    TIMED_OUT = "timed_out"
    UNREACHABLE = "unreachable"
    """Switched off, or without a signal."""

    PIN_BLOCKED = "pin_blocked"
    CARD_BLOCKED = "card_blocked"
    UNKNOWN_NUMBER = "unknown_number"
    NOT_REGISTERED = "not_registered"
    UNSUITABLE_SIM = "unsuitable_sim"
    """A SIM that cannot sign; after an exchange, the new one before it is registered."""

    DISABLED = "disabled"
    """The officer or the carrier has switched signing off."""

    NO_KEY = "no_key"
    NO_CERTIFICATE = "no_certificate"
    REGISTRATION_FAILED = "registration_failed"
    TEXT_REFUSED = "text_refused"
    DATA_REFUSED = "data_refused"
    NOT_AUTHORIZED = "not_authorized"
    """The service does not let the province's account in, or not do this."""

    MISUNDERSTOOD = "misunderstood"
    """A request that the service finds wrong: a mistake of ours or of its settings."""

    SIM_ERROR = "sim_error"
    SERVICE_DOWN = "service_down"

    @property
    def is_open(self) -> bool:
        """Tell whether an answer is still to come."""
        return self in (Outcome.ACCEPTED, Outcome.PENDING)

    @property
    def has_signed(self) -> bool:
        """Tell whether there is a signature, whatever it is worth."""
        return self in (Outcome.SIGNED, Outcome.VALID)

    @property
    def may_be_sent_again(self) -> bool:
        """Tell whether the same transaction may be sent once more: nothing has reached the phone."""
        return self is Outcome.SERVICE_DOWN


STATUS: Final = {
    100: Outcome.ACCEPTED, 500: Outcome.SIGNED, 501: Outcome.REVOKED, 502: Outcome.VALID, 503: Outcome.INVALID,
    504: Outcome.PENDING, 505: Outcome.CONSTRAINT,
}
"""Codes of an answer."""

FAULTS: Final = {
    101: Outcome.MISUNDERSTOOD, 1011: Outcome.MISUNDERSTOOD, 1012: Outcome.MISUNDERSTOOD, 1013: Outcome.MISUNDERSTOOD,
    1014: Outcome.MISUNDERSTOOD, 1015: Outcome.TEXT_REFUSED, 1016: Outcome.DATA_REFUSED, 1017: Outcome.DATA_REFUSED,
    102: Outcome.MISUNDERSTOOD, 1021: Outcome.TEXT_REFUSED, 1022: Outcome.DATA_REFUSED,
    103: Outcome.DATA_REFUSED,
    104: Outcome.NOT_AUTHORIZED, 1041: Outcome.DISABLED, 1042: Outcome.DISABLED, 1043: Outcome.DISABLED,
    1044: Outcome.NOT_AUTHORIZED, 1045: Outcome.NOT_AUTHORIZED,
    105: Outcome.UNKNOWN_NUMBER, 1051: Outcome.UNKNOWN_NUMBER, 1052: Outcome.UNKNOWN_NUMBER, 1053: Outcome.NOT_REGISTERED,
    1054: Outcome.UNSUITABLE_SIM,
    107: Outcome.TEXT_REFUSED, 108: Outcome.MISUNDERSTOOD, 109: Outcome.DISABLED,
    208: Outcome.TIMED_OUT, 2081: Outcome.TIMED_OUT, 2082: Outcome.TIMED_OUT,
    209: Outcome.UNREACHABLE, 2091: Outcome.UNREACHABLE, 2092: Outcome.UNSUITABLE_SIM, 2093: Outcome.UNREACHABLE,
    2094: Outcome.UNSUITABLE_SIM,
    401: Outcome.CANCELLED, 4011: Outcome.CANCELLED, 4012: Outcome.WRONG_PIN, 4013: Outcome.POSTPONED,
    402: Outcome.PIN_BLOCKED, 4021: Outcome.PIN_BLOCKED,
    403: Outcome.CARD_BLOCKED, 4031: Outcome.CARD_BLOCKED, 4032: Outcome.PIN_BLOCKED,
    404: Outcome.NO_KEY, 4041: Outcome.NO_KEY, 4042: Outcome.NO_KEY,
    405: Outcome.SERVICE_DOWN, 406: Outcome.SIM_ERROR,
    407: Outcome.REGISTRATION_FAILED, 4071: Outcome.REGISTRATION_FAILED, 4072: Outcome.REGISTRATION_FAILED,
    4073: Outcome.REGISTRATION_FAILED,
    422: Outcome.NO_CERTIFICATE, 423: Outcome.SERVICE_DOWN, 424: Outcome.SERVICE_DOWN, 425: Outcome.NO_CERTIFICATE,
    600: Outcome.SERVICE_DOWN, 601: Outcome.SERVICE_DOWN, 602: Outcome.SERVICE_DOWN, 603: Outcome.SERVICE_DOWN,
    701: Outcome.MISUNDERSTOOD, 702: Outcome.MISUNDERSTOOD, 703: Outcome.MISUNDERSTOOD, 710: Outcome.MISUNDERSTOOD,
    720: Outcome.TIMED_OUT,
    750: Outcome.SERVICE_DOWN, 760: Outcome.SERVICE_DOWN, 770: Outcome.SERVICE_DOWN, 780: Outcome.SERVICE_DOWN,
    900: Outcome.SERVICE_DOWN, 9001: Outcome.SERVICE_DOWN, 9002: Outcome.SERVICE_DOWN, 9003: Outcome.SIM_ERROR,
    9004: Outcome.SIM_ERROR, 9005: Outcome.TEXT_REFUSED, 9006: Outcome.DATA_REFUSED, 9007: Outcome.DATA_REFUSED,
    9008: Outcome.DATA_REFUSED,
}
"""Codes of a SOAP fault, and below them the finer ones."""


def of_status(code: int) -> Outcome:
    """Say what the status code of an answer means; one that nobody wrote down tells of no signature."""
    return STATUS.get(code, Outcome.MISUNDERSTOOD)


def of_fault(code: int, finer: int | None = None) -> Outcome:
    """Say what a fault means, by its finer code where that is known, else by the code, else by its family."""
    for one in (finer, code):
        if one is not None and one in FAULTS:
            return FAULTS[one]
    for one in (finer, code):
        # A finer code is the one above it and a digit more.
        if one is not None and one // 10 in FAULTS:
            return FAULTS[one // 10]
    return Outcome.MISUNDERSTOOD if code < 200 else Outcome.SERVICE_DOWN
