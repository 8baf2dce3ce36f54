"""RFC 2986: possession is proven, weak keys are refused, and nothing else of a request counts."""

from __future__ import annotations

import hashlib
import math
import secrets
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import core
from asn1crypto import csr as pkcs10
from asn1crypto import x509 as asn1
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA384
from hypothesis import given
from hypothesis import strategies as st

from idp.adapters.weak_key_files import WeakKeyFiles
from idp.pki.authority import csr, weak_keys
from idp.pki.authority.csr import CsrError

from .house import KEY, request

RSA = rsa.generate_private_key(65537, 2048)


def refused(content: bytes, **how: Any) -> str:
    with pytest.raises(CsrError) as err:
        csr.read(content, **how)
    return err.value.code


def is_prime(n: int) -> bool:
    return all(n % p for p in (3, 5, 7, 11, 13)) and all(pow(base, n - 1, n) == 1 for base in (2, 3, 5, 7))


def key_of(p: int, q: int) -> rsa.RSAPrivateKey:
    d = pow(65537, -1, math.lcm(p - 1, q - 1))
    return rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), rsa.RSAPublicNumbers(65537,
                                                                                                        p * q)).private_key()


def a_prime(bits: int, step: int = 2, begin: int | None = None) -> int:
    n = begin if begin is not None else secrets.randbits(bits) | (3 << (bits - 2)) | 1
    while not is_prime(n) or math.gcd(65537, n - 1) != 1:
        n += step
    return n


@pytest.mark.parametrize("key", [KEY, ec.generate_private_key(ec.SECP384R1()), RSA])
def test_a_good_request(key: Any) -> None:
    found = csr.read(request(key))
    assert found.public_key == key.public_key()
    assert len(found.spki) == 64
    assert csr.read(request(key, digest=SHA384())).spki == found.spki


def test_possession_is_proven() -> None:
    content = bytearray(request())
    content[-1] ^= 1
    assert refused(bytes(content)) in {"bad_signature", "bad_request"}
    content = bytearray(request(RSA))
    content[-5] ^= 1
    assert refused(bytes(content)) == "bad_signature"


@pytest.mark.parametrize(("key", "code"), [
    (ec.generate_private_key(ec.SECP256K1()), "key_kind"), (ec.generate_private_key(ec.SECP521R1()), "key_kind"),
    (rsa.generate_private_key(65537, 1024), "weak_key"), (rsa.generate_private_key(3, 2048), "weak_key")])
def test_security_49_keys_that_are_not_certified(key: Any, code: str) -> None:
    with pytest.raises(CsrError) as err:
        csr.check_key(key.public_key(), listed=lambda _numbers: False)
    assert err.value.code == code


def test_security_49_other_kinds_and_digests() -> None:
    with pytest.raises(CsrError) as err:
        csr.check_key(ed25519.Ed25519PrivateKey.generate().public_key(), listed=lambda _numbers: False)
    assert err.value.code == "key_kind"
    try:
        content = request(RSA, digest=SHA1())
    except Exception:
        return
    assert refused(content) == "weak_digest"


def test_security_49_close_primes() -> None:
    p = a_prime(1024)
    key = key_of(a_prime(1024, begin=p + 2), p)
    assert weak_keys.weakness(key.public_key().public_numbers()) == "its primes are close to each other"
    assert refused(request(key)) == "weak_key"
    assert not weak_keys.has_close_primes(RSA.public_key().public_numbers().n)


def test_security_49_the_mark_of_roca() -> None:
    m = math.prod((2, *weak_keys._ROCA_PRIMES))
    primes = []
    while len(primes) < 2:
        k = secrets.randbits(1024 - m.bit_length()) | (3 << (1022 - m.bit_length()))
        n = k * m + pow(65537, secrets.randbelow(1000), m)
        if n.bit_length() == 1024 and is_prime(n) and math.gcd(65537, n - 1) == 1:
            primes.append(n)
    key = key_of(*primes)
    assert weak_keys.is_roca(primes[0] * primes[1])
    assert "CVE-2017-15361" in weak_keys.weakness(key.public_key().public_numbers())
    assert not any(weak_keys.is_roca(rsa.generate_private_key(65537, 2048).public_key().public_numbers().n) for _ in range(3))


def test_security_49_small_factors() -> None:
    n = 743 * a_prime(2040)
    assert weak_keys.weakness(rsa.RSAPublicNumbers(65537, n)) == "it has small factors"


def test_security_49_keys_that_others_know(tmp_path: Path) -> None:
    numbers = RSA.public_key().public_numbers()
    digest = hashlib.sha1(f"Modulus={numbers.n:X}\n".encode()).hexdigest()[20:]
    (tmp_path / "blacklist.RSA-2048").write_text(f"# list\n{digest}\n")
    assert refused(request(RSA), listed=WeakKeyFiles(tmp_path)) == "weak_key"
    assert WeakKeyFiles(tmp_path).files() == ["blacklist.RSA-2048"]
    assert csr.read(request(RSA), listed=WeakKeyFiles(None)).spki
    assert csr.read(request(rsa.generate_private_key(65537, 2048)), listed=WeakKeyFiles(tmp_path)).spki


def test_what_is_no_request() -> None:
    for content in (b"", b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----", b"\x30\x00",
                    b"x" * 20_000,
                    request()[:-3]):
        assert refused(content) == "bad_request"


def asking(*extensions: tuple[str, str]) -> bytes:
    """Make a request, signed with its key, for extensions with values (DER, hexadecimal) as they are."""
    info = pkcs10.CertificationRequest.load(REQUEST)["certification_request_info"]
    info["attributes"] = [{"type": "extension_request", "values": [[
        asn1.Extension({"extn_id": name, "extn_value": core.ParsableOctetString(bytes.fromhex(value))})
        for name, value in extensions]]}]
    made: bytes = pkcs10.CertificationRequest({
        "certification_request_info": info, "signature_algorithm": {"algorithm": "sha256_ecdsa"},
        "signature": KEY.sign(info.dump(), ec.ECDSA(SHA256()))}).dump()
    return made


def test_rfc5280_s4_2_an_extension_twice_or_names_that_nobody_reads_are_no_request() -> None:
    host, usage = ("subject_alt_name", "30068204612e766e"), ("key_usage", "03020780")
    assert csr.read(asking(host, usage)).public_key == KEY.public_key()
    x400, not_a_host = ("subject_alt_name", "3002a300"), ("subject_alt_name", "30068204612eff6e")
    for bad in (asking(host, usage, host), asking(usage, usage), asking(x400), asking(not_a_host)):
        with pytest.raises(CsrError) as refusal:
            csr.read(bad)
        assert (refusal.value.code, refusal.value.status) == ("bad_request", 422)
        assert refusal.value.message == "This is not a certificate request (PKCS #10) that can be read."


@given(st.binary(max_size=300))
def test_every_request_is_read_or_refused(content: bytes) -> None:
    with pytest.raises(CsrError):
        csr.read(content)


REQUEST = request()
"""One request: the signature of the next may be a byte longer."""


@given(st.integers(0, len(REQUEST) - 1), st.integers(1, 255))
def test_a_request_with_a_wrong_byte_is_refused_or_still_proven(place: int, change: int) -> None:
    content = bytearray(REQUEST)
    content[place] ^= change
    try:
        found = csr.read(bytes(content))
    except CsrError:
        return
    assert found.public_key == KEY.public_key()
