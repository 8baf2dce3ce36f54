"""An unmodified program signs PDF files with SIMs: pyHanko's client of the CSC API, and what other programs say of the result."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from asn1crypto import algos
from asn1crypto.x509 import Certificate
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.csc_signer import (
    CSCAuthorizationInfo,
    CSCAuthorizationManager,
    CSCServiceSessionInfo,
    CSCSigner,
    fetch_certs_in_csc_credential,
)
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from idp.adapters.sql.database import Database
from tests.pki.authority.house import run

from .live import Province


@pytest.fixture(scope="module")
def province(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Province]:
    folder = tmp_path_factory.mktemp("province")
    database = Database(f"sqlite:///{shutil.copy(sqlite_template, folder / 'idp.sqlite3')}")
    made = Province(database, folder)
    yield made
    made.close()
    database.dispose()


class Manager(CSCAuthorizationManager):
    """What pyHanko leaves to whoever uses it: one call of ``credentials/authorize``."""

    def __init__(self, session: aiohttp.ClientSession, *told: Any) -> None:
        super().__init__(*told)
        self.session = session

    async def authorize_signature(self, hash_b64s: list[str]) -> CSCAuthorizationInfo:
        request = self.format_csc_auth_request(hash_b64s=hash_b64s, description="Quyết định số 12")
        async with self.session.post(self.csc_session_info.endpoint_url("credentials/authorize"), json=request,
                                     headers=self.auth_headers, raise_for_status=True) as answer:
            return self.parse_csc_auth_response(await answer.json())


def document() -> BytesIO:
    writer, out = PdfFileWriter(), BytesIO()
    page = generic.ArrayObject(map(generic.NumberObject, (0, 0, 200, 200)))
    writer.insert_page(PageObject(contents=writer.add_object(generic.StreamObject(stream_data=b"")), media_box=page))
    writer.write(out)
    return out


async def signed(province: Province, kind: str, *, salt: int | None = None, pss: bool = False) -> bytes:
    token, credential = province.credential(kind)
    session_info = CSCServiceSessionInfo(province.url, credential, oauth_token=token)
    async with aiohttp.ClientSession() as session:
        told = await fetch_certs_in_csc_credential(session, session_info)
        assert (told.max_batch_size, told.hash_pinning_required, len(told.chain)) == (3, True, 2)
        signer = CSCSigner(session, Manager(session, session_info, told), prefer_pss=pss)
        if salt is not None:
            signer._signature_mechanism = algos.SignedDigestAlgorithm({"algorithm": "rsassa_pss", "parameters": {
                "hash_algorithm": {"algorithm": "sha256"}, "salt_length": salt,
                "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": {"algorithm": "sha256"}}}})
        out = await signers.PdfSigner(signers.PdfSignatureMetadata(
            field_name="Lanhdao", md_algorithm="sha256", subfilter=fields.SigSeedSubFilter.PADES), signer).async_sign_pdf(
                IncrementalPdfFileWriter(document()))
    content: bytes = out.getvalue()
    return content


async def validated(province: Province, content: bytes) -> tuple[bool, bool, bool]:
    """Tell whether it is valid, intact and trusted; the standing is asked of our OCSP responder over HTTP, or it fails."""
    chain = [Certificate.load(one.public_bytes(Encoding.DER)) for one in province.issuance.chain(province.issuance.authority())]
    context = ValidationContext(trust_roots=[chain[-1]], other_certs=chain[:-1], allow_fetching=True, revocation_mode="hard-fail")
    status = await async_validate_pdf_signature(
        PdfFileReader(BytesIO(content)).embedded_signatures[0], context, skip_diff=True)
    return status.valid, status.intact, status.trusted


def of_others(province: Province, content: bytes, *, revocation: bool = False) -> tuple[str, str]:
    """Give what pdfsig and OpenSSL say."""
    embedded = PdfFileReader(BytesIO(content)).embedded_signatures[0]
    begin, length, rest, end = (int(one) for one in embedded.byte_range)
    pdf, cms, data, trusted = (province.folder / name for name in ("signed.pdf", "signature.der", "data.bin", "trusted.pem"))
    pdf.write_bytes(content)
    cms.write_bytes(embedded.pkcs7_content)
    data.write_bytes(content[begin:begin + length] + content[rest:rest + end])
    root, between = province.pem()
    lists = b""
    if revocation:
        for name in ("root", "pilot"):
            der = province.folder / f"{name}.crl"
            der.write_bytes(province.call("GET", f"/crl/{name}.crl").body)
            lists += run("openssl", "crl", "-inform", "DER", "-in", der, "-outform", "PEM").partition("\n")[2].encode()
    trusted.write_bytes(root.read_bytes() + lists)
    check = ("-crl_check_all",) if revocation else ()
    said = run("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", cms, "-content", data, "-CAfile", trusted,
               "-certfile", between, "-purpose", "any", *check, "-out", "/dev/null")
    return run("pdfsig", "-nocert", pdf), said


@pytest.mark.parametrize("kind", ["rsa-2048", "p-256"])
def test_pyhanko_signs_and_others_accept(province: Province, kind: str) -> None:
    content = asyncio.run(signed(province, kind))
    assert asyncio.run(validated(province, content)) == (True, True, True)
    pdfsig, openssl = of_others(province, content, revocation=True)
    assert "Signature Validation: Signature is Valid." in pdfsig
    assert re.match(r"0\n.*CMS Verification successful", openssl, re.DOTALL), openssl
    assert ("RSA" in pdfsig) == (kind == "rsa-2048") or "Signing Hash Algorithm: SHA-256" in pdfsig


def test_a_card_with_pss_signs_with_its_salt_and_refuses_another(province: Province) -> None:
    content = asyncio.run(signed(province, "rsa-2048-pss", salt=32))
    assert asyncio.run(validated(province, content)) == (True, True, True)
    pdfsig, openssl = of_others(province, content)
    assert "Signature Validation: Signature is Valid." in pdfsig
    assert re.match(r"0\n.*CMS Verification successful", openssl, re.DOTALL), openssl
    with pytest.raises(SigningError) as refused:  # pyHanko asks for the longest salt by itself
        asyncio.run(signed(province, "rsa-2048-pss", pss=True))
    assert "No signing results available" in str(refused.value)


def test_once_revoked_everybody_refuses(province: Province) -> None:
    content = asyncio.run(signed(province, "p-256"))
    province.revoke_certificate("p-256")
    assert asyncio.run(validated(province, content)) == (True, True, False)
    _, openssl = of_others(province, content, revocation=True)
    assert re.match(r"[1-9]\d*\n.*certificate revoked", openssl, re.DOTALL), openssl
    with pytest.raises(SigningError):
        asyncio.run(signed(province, "p-256"))
