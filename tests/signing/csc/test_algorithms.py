"""Algorithms by their object identifiers: what is offered, what may be asked for, and nothing in between."""

from __future__ import annotations

import base64
from contextlib import suppress
from typing import Any

import pytest
from asn1crypto.algos import RSASSAPSSParams
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from idp.errors import RefusedError
from idp.signing.csc.algorithms import PSS, RSA, Wanted, check, key_of, wanted
from idp.signing.signature import Verified
from tests.signing.cards import certified

SHA256, SHA384 = "2.16.840.1.101.3.4.2.1", "2.16.840.1.101.3.4.2.2"
RSA_SHA256, ECDSA_SHA384 = "1.2.840.113549.1.1.11", "1.2.840.10045.4.3.3"


def pss(hashed: str = "sha256", mask: str = "sha256", salt: int = 32) -> str:
    made = RSASSAPSSParams({"hash_algorithm": {"algorithm": hashed}, "salt_length": salt, "mask_gen_algorithm": {
        "algorithm": "mgf1", "parameters": {"algorithm": mask}}})
    return base64.b64encode(made.dump()).decode()


@pytest.mark.parametrize(("asked", "found"), [
    ((RSA_SHA256, "", ""), Wanted("rsa-pkcs1", "sha256")), ((RSA_SHA256, SHA256, ""), Wanted("rsa-pkcs1", "sha256")),
    ((RSA, SHA384, ""), Wanted("rsa-pkcs1", "sha384")), ((ECDSA_SHA384, "", ""), Wanted("ecdsa", "sha384")),
    ((PSS, SHA256, pss(salt=222)), Wanted("rsa-pss", "sha256", 222)), ((PSS, SHA256, ""), Wanted("rsa-pss", "sha256"))])
def test_csc_11_9_what_is_asked_for(asked: tuple[str, str, str], found: Wanted) -> None:
    assert wanted(*asked) == found


@pytest.mark.parametrize(("asked", "word"), [
    (("1.2.3", SHA256, ""), "signAlgo"), (("", SHA256, ""), "signAlgo"), (("1.2.840.113549.1.1.5", "", ""), "signAlgo"),
    ((RSA, "", ""), "hashAlgo"), ((RSA, "1.3.14.3.2.26", ""), "hashAlgo"), ((RSA_SHA256, SHA384, ""), "contradicts"),
    ((PSS, "", pss()), "hashAlgo"), ((RSA_SHA256, "", pss()), "signAlgoParams"), ((PSS, SHA256, pss("sha384")), "signAlgoParams"),
    ((PSS, SHA256, pss(mask="sha1")), "signAlgoParams"), ((PSS, SHA256, pss(salt=600)), "signAlgoParams"),
    ((PSS, SHA256, "!"), "signAlgoParams"), ((PSS, SHA256, "AAAA"), "signAlgoParams"),
    ((PSS, SHA256, "A" * 404), "signAlgoParams"),
    ((PSS, SHA256, pss()[:-8]), "signAlgoParams")])
def test_csc_11_9_what_nobody_can_mean(asked: tuple[str, str, str], word: str) -> None:
    with pytest.raises(RefusedError, match=word) as refused:
        wanted(*asked)
    assert (refused.value.status, refused.value.code) == (400, "invalid_request")


@given(st.binary(max_size=120))
def test_parameters_are_read_or_refused(content: bytes) -> None:
    salt = None
    with suppress(RefusedError):
        salt = wanted(PSS, SHA256, base64.b64encode(content).decode()).salt_length
    assert salt is None or RSASSAPSSParams.load(content)["salt_length"].native == salt


def test_what_the_card_cannot_do_is_said() -> None:
    for asked, made, word in (
            (Wanted("rsa-pss", "sha256", 222), Verified(b"", "rsa-pss", 32), "salt of 32 octets"),
            (Wanted("rsa-pss", "sha256", 32), Verified(b"", "rsa-pkcs1"), "RSASSA-PKCS1-v1_5"),
            (Wanted("rsa-pss", "sha256"), Verified(b"", "rsa-pss", 32), "signAlgoParams"),
            (Wanted("rsa-pkcs1", "sha256"), Verified(b"", "ecdsa"), "ECDSA")):
        with pytest.raises(RefusedError, match=word):
            check(asked, made)
    check(Wanted("rsa-pss", "sha256", 32), Verified(b"", "rsa-pss", 32))


@pytest.mark.parametrize(("curve", "oid", "bits"), [
    (ec.SECP256R1(), "1.2.840.10045.3.1.7", 256), (ec.SECP384R1(), "1.3.132.0.34", 384)])
def test_csc_11_5_a_key_is_offered_under_the_names_that_programs_look_for(curve: Any, oid: str, bits: int) -> None:
    key = key_of(certified(ec.generate_private_key(curve)))
    assert (key.algorithms[0], key.curve, key.length) == ("1.2.840.10045.4.3.2", oid, bits)
