"""The password policy control, read by hand: two optional numbers, decoded on every sign-in.

Spec: draft-behera-ldap-password-policy-11 §6; ITU-T X.690 (BER). A general ASN.1 decoder takes ten times as long and raises
errors of its own on malformed values; here a malformed value is no value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from ldap.controls import RequestControl, ResponseControl

POLICY_OID = "1.3.6.1.4.1.42.2.27.8.5.1"
POLICY_REQUEST = RequestControl(POLICY_OID, False, None)
"""Asks for the control; it has no value and no state."""


class PolicyError(IntEnum):
    """PasswordPolicyResponseValue.error; 9 is a later addition of OpenLDAP."""

    PASSWORD_EXPIRED = 0
    ACCOUNT_LOCKED = 1
    CHANGE_AFTER_RESET = 2
    PASSWORD_MOD_NOT_ALLOWED = 3
    MUST_SUPPLY_OLD_PASSWORD = 4
    INSUFFICIENT_PASSWORD_QUALITY = 5
    PASSWORD_TOO_SHORT = 6
    PASSWORD_TOO_YOUNG = 7
    PASSWORD_IN_HISTORY = 8
    PASSWORD_TOO_LONG = 9


@dataclass(frozen=True, slots=True)
class PolicyAnswer:
    """What the server said about the policy; everything None when it said nothing."""

    error: int | None = None
    grace_left: int | None = None
    expires_in_seconds: int | None = None


NOTHING = PolicyAnswer()


def decode(value: bytes | None) -> PolicyAnswer:
    """Read the control's value.

    Args:
        value: BER; anything else gives the empty answer.
    """
    error = grace = expires = None
    try:
        for tag, content in _elements(_only(value or b"", 0x30)):
            if tag == 0xA0:
                for kind, number in _elements(content):
                    if kind == 0x80:
                        expires = _integer(number)
                    elif kind == 0x81:
                        grace = _integer(number)
            elif tag == 0x81:
                error = _integer(content)
    except (ValueError, IndexError):
        return NOTHING
    return PolicyAnswer(error, grace, expires)


class PolicyResponse(ResponseControl):  # type: ignore[misc]
    """The control as python-ldap hands it out with a success."""

    controlType = POLICY_OID  # noqa: N815 (python-ldap's name)
    answer = NOTHING

    def decodeControlValue(self, value: bytes | None) -> None:  # noqa: N802 (python-ldap's name)
        """Read the value."""
        self.answer = decode(value)


RESPONSES = {POLICY_OID: PolicyResponse}


def answer_of(controls: Any) -> PolicyAnswer:
    """Find the policy among decoded response controls (after a success)."""
    return next((control.answer for control in controls or () if isinstance(control, PolicyResponse)), NOTHING)


def answer_in(err: Exception) -> PolicyAnswer:
    """Find the policy in a python-ldap exception, which carries the controls undecoded."""
    details = err.args[0] if err.args and isinstance(err.args[0], dict) else {}
    return next((decode(value) for oid, _, value in details.get("ctrls") or () if oid == POLICY_OID), NOTHING)


def _only(value: bytes, tag: int) -> bytes:
    first = next(_elements(value), (0, b""))
    if first[0] != tag:
        raise ValueError("not the expected element")
    return first[1]


def _elements(value: bytes) -> Iterator[tuple[int, bytes]]:
    place = 0
    while place < len(value):
        tag, length = value[place], value[place + 1]
        place += 2
        if length & 0x80:
            size = length & 0x7F
            if not 0 < size <= 4:
                raise ValueError("length out of range")
            length = int.from_bytes(value[place:place + size], "big")
            place += size
        if place + length > len(value):
            raise ValueError("cut short")
        yield tag, value[place:place + length]
        place += length


def _integer(content: bytes) -> int:
    if not 0 < len(content) <= 8:
        raise ValueError("no integer")
    return int.from_bytes(content, "big", signed=True)
