"""JSON bodies: one object, within limits, read by everybody alike."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.endpoints.json_body import MAX_DEPTH, parse_object
from idp.endpoints.wsgi import MAX_BODY_BYTES, MalformedRequestError


def nested(levels: int) -> bytes:
    return b'{"a":' * levels + b"1" + b"}" * levels


def test_rfc8259_s4_an_object_is_read() -> None:
    assert parse_object('{"a": [1, 2.5, true, null, "đ\\u0111\\ud83d\\ude00"], "b": {}}'.encode()) == {
        "a": [1, 2.5, True, None, "đđ😀"], "b": {}}


@pytest.mark.parametrize("body", [
    b"", b" ", b"[]", b"[{}]", b"1", b'"x"', b"null", b"true", b"{", b"{}{}", b"{'a':1}", b'{"a":1,}', b'{"a":NaN}',
    b'{"a":Infinity}', b'{"a":1e999}', b'{"a":01}', b'{"a":1} x', b"\xef\xbb\xbf{}", b'{"a":"\xff"}', "{}".encode("utf-16"),
    b'{"a":"\\ud800"}',
    b'{"\\udfff":1}', b'{"a":"\n"}', b'{"a":1,"a":1}', b'{"x":{"a":1,"b":2,"a":3}}', b'{"a":1,"\\u0061":2}',
    b"[" * 60_000, b'{"a":' * 12_000, b"9" * 60_000, b'{"a":' + b"9" * 60_000 + b"}",
])
def test_security_43_anything_else_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedRequestError) as caught:
        parse_object(body)
    assert (caught.value.status, caught.value.code) == (400, "invalid_request")


def test_security_44_twenty_levels_are_read_and_one_more_is_not() -> None:
    assert parse_object(nested(MAX_DEPTH))
    for body in (nested(MAX_DEPTH + 1), b'{"a":' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}", nested(900), nested(1100)):
        with pytest.raises(MalformedRequestError):
            parse_object(body)
    wide = b'{"a":[' + b",".join([b"{}"] * 20_000) + b"]}"
    assert len(wide) < MAX_BODY_BYTES
    assert len(parse_object(wide)["a"]) == 20_000


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-2**53, 2**53), st.floats(allow_nan=False, allow_infinity=False),
              st.text(max_size=10)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4), max_leaves=20)


@given(st.dictionaries(st.text(max_size=8), VALUES, max_size=5))
def test_whatever_others_write_is_read_as_they_meant_it(value: dict[str, Any]) -> None:
    assert parse_object(json.dumps(value).encode()) == value
    assert parse_object(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        assert isinstance(parse_object(body), dict)
    except MalformedRequestError as refused:
        assert refused.message.isascii()  # noqa: PT017 - either outcome is right
