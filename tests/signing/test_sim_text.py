"""What the phone shows, and the four digits."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.signing.sim_text import LONGEST, folded, sim_text
from idp.signing.verification_code import verification_code

GSM = set("@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
          "abcdefghijklmnopqrstuvwxyzäöñüà")


def test_the_code_is_the_first_six_bits_and_the_last_seven() -> None:
    assert verification_code(bytes.fromhex("2f665f6a6999e0ef0752e00ec9f453adf59d8cb6")) == "1462"
    assert verification_code(bytes(32)) == "0000"
    assert verification_code(b"\xff" * 32) == "8191"
    # Neither the two low bits of the first octet nor the high one of the last count.
    assert verification_code(b"\x03" + bytes(30) + b"\x80") == "0000"
    assert verification_code(b"\x04" + bytes(30) + b"\x01") == "0129"
    with pytest.raises(ValueError, match="not a hash"):
        verification_code(bytes(19))


def test_accents_are_folded_and_nothing_is_left_that_a_phone_does_not_have() -> None:
    assert folded("Quyết định số 12/QĐ-UBND – “Đất”") == 'Quyet dinh so 12/QD-UBND - "Dat"'
    assert folded("Quyê\u0301t\n  đi\u0323nh\t…") == "Quyet dinh ..."
    assert folded("a 😀 [b]\0") == "a ? ?b??"


def test_the_code_stands_at_the_end_whatever_is_cut() -> None:
    assert sim_text("Công văn 5", "0129") == "Cong van 5 0129"
    assert sim_text("", "0129") == "0129"
    long = sim_text("Tờ trình về việc " * 20, "0129")
    assert len(long) <= LONGEST
    assert long.endswith("... 0129")
    with pytest.raises(ValueError, match="no room"):
        sim_text("a", "0129", longest=7)


@given(st.text(max_size=300), st.binary(min_size=1))
def test_whatever_a_document_is_called(text: str, content: bytes) -> None:
    code = verification_code(hashlib.sha256(content).digest())
    shown = sim_text(text, code)
    assert len(code) == 4
    assert shown.endswith(code)
    assert len(shown) <= LONGEST
    assert set(shown) <= GSM
