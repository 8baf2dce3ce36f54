"""The password policy control, against a general ASN.1 decoder and against rubbish."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ldap.controls.ppolicy import PasswordPolicyControl
from pyasn1.codec.ber import encoder
from pyasn1.type import namedtype, tag, univ

from idp.adapters.ldap.policy_control import (
    NOTHING,
    POLICY_OID,
    PolicyAnswer,
    PolicyError,
    PolicyResponse,
    answer_in,
    answer_of,
    decode,
)


def context(number: int, form: int = tag.tagFormatSimple) -> tag.Tag:
    return tag.Tag(tag.tagClassContext, form, number)


class PolicyWarning(univ.Choice):
    componentType = namedtype.NamedTypes(  # noqa: N815
        namedtype.NamedType("expires", univ.Integer().subtype(implicitTag=context(0))),
        namedtype.NamedType("grace", univ.Integer().subtype(implicitTag=context(1))))


class Value(univ.Sequence):
    componentType = namedtype.NamedTypes(  # noqa: N815
        namedtype.OptionalNamedType("warning", PolicyWarning().subtype(explicitTag=context(0, tag.tagFormatConstructed))),
        namedtype.OptionalNamedType("error", univ.Enumerated().subtype(implicitTag=context(1))))


def encoded(*, error: int | None = None, grace: int | None = None, expires: int | None = None) -> bytes:
    value = Value()
    if grace is not None or expires is not None:
        value["warning"]["grace" if grace is not None else "expires"] = grace if grace is not None else expires
    if error is not None:
        value["error"] = error
    return bytes(encoder.encode(value))


@given(st.none() | st.integers(0, 8), st.none() | st.integers(0, 2**31 - 1), st.none() | st.integers(0, 2**31 - 1))
def test_behera_s6_every_value_reads_as_the_general_decoder_reads_it(
    error: int | None, grace: int | None, expires: int | None,
) -> None:
    expires = expires if grace is None else None
    raw = encoded(error=error, grace=grace, expires=expires)
    assert decode(raw) == PolicyAnswer(error, grace, expires)
    general = PasswordPolicyControl()
    general.decodeControlValue(raw)
    assert (general.error, general.graceAuthNsRemaining, general.timeBeforeExpiration) == (error, grace, expires)


@settings(max_examples=2000)
@given(st.binary(max_size=64))
def test_rubbish_is_no_answer_and_no_error(raw: bytes) -> None:
    assert isinstance(decode(raw), PolicyAnswer)


@pytest.mark.parametrize("raw", [
    None, b"", b"\x30", b"\x30\x05", b"\x30\x80", b"\x30\x84\xff\xff\xff\xff", b"\x04\x00", b"\x30\x02\x81\x00",
    b"\x30\x0b\x81\x09" + b"\x01" * 9, encoded(error=1)[:-1]])
def test_malformed_values_are_no_answer(raw: bytes | None) -> None:
    assert decode(raw) == NOTHING


def test_the_answer_is_found_among_controls_and_in_exceptions() -> None:
    control = PolicyResponse()
    control.decodeControlValue(encoded(grace=2))
    assert answer_of([object(), control]).grace_left == 2
    assert answer_of(None) == NOTHING
    raw = encoded(error=PolicyError.ACCOUNT_LOCKED)
    assert answer_in(Exception({"ctrls": [("1.2.3", 0, b"x"), (POLICY_OID, 0, raw)]})).error is PolicyError.ACCOUNT_LOCKED.value
    assert answer_in(Exception()) == answer_in(Exception("text")) == answer_in(Exception({"desc": "x"})) == NOTHING
