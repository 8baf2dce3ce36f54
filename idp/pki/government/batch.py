"""A list of requests as it goes out: the numbered list with what Mẫu 01 needs, and a signature of ours over what it is.

Spec: RFC 7515 §7.1 (JWS in compact form), RFC 7518 §3.5 (PS256: RSASSA-PSS, which Circular 39/2017 asks for). What is signed
names the files by their SHA-256 and holds nothing personal, so that it may be shown to anybody. The file is kept, sealed, as it
went out: a PSS signature is another one each time, and "the same again" would not be the same.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from base64 import urlsafe_b64decode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ...jose import jwt
from ...jose.keyset import SigningKey
from ..authority.ports import Letter, Wanted
from ..forms import Sheets, writing
from ..forms.catalogue import FORMS

ALGORITHM: Final = "PS256"
TYPE: Final = "certificate-batch+jwt"
LIST: Final = FORMS["mau01_ca_nhan"]


class Signers(Protocol):
    """Our signing keys (``jose.keyset.KeyRing``)."""

    def signing(self, alg: str) -> SigningKey:
        """Give the active key of an algorithm."""
        ...


def made(letter: Letter, wanted: Sequence[Wanted], sheets: Sheets, signers: Signers, now: int) -> tuple[bytes, str, str]:
    """Make the file of a list.

    Returns:
        The file (ZIP), the SHA-256 of its list (CSV), and the signature.
    """
    rows = writing.rows(LIST, [one.facts for one in wanted], hidden=True)
    name = f"mau01-{letter.batch}"
    files = {f"{name}.csv": sheets.csv(rows), f"{name}.xlsx": sheets.xlsx(rows, letter.batch)}
    files |= {f"csr/{one.number}.csr": one.request for one in wanted if one.request}
    key = signers.signing(ALGORITHM)
    digests = {file: hashlib.sha256(content).hexdigest() for file, content in files.items()}
    signature = jwt.sign({"batch": letter.batch, "document": letter.document, "made_at": now, "rows": len(wanted),
                          "requests": [one.number for one in wanted], "sha256": digests}, key, typ=TYPE)
    files |= {f"{name}.jws": signature.encode(), "signer.pem": _public(key)}
    return _zipped(files, now), digests[f"{name}.csv"], signature


def lists(content: bytes) -> Mapping[str, bytes]:
    """Give the list of a file by kind: ``csv`` and ``xlsx``."""
    with zipfile.ZipFile(io.BytesIO(content)) as bundle:
        return {one.rsplit(".", 1)[1]: bundle.read(one) for one in bundle.namelist() if one.endswith((".csv", ".xlsx"))}


def requests(signature: str) -> Sequence[str]:
    """Give the numbers of the requests on a list of ours that was kept, from what was signed of it."""
    payload = signature.split(".")[1]
    said: dict[str, Any] = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return tuple(said["requests"])


def _public(key: SigningKey) -> bytes:
    public: Any = key.key.public_key
    content: bytes = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return content


def _zipped(files: Mapping[str, bytes], now: int) -> bytes:
    written = io.BytesIO()
    moment = datetime.fromtimestamp(now, UTC)
    stamp = (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second)
    with zipfile.ZipFile(written, "w") as bundle:
        for name, content in files.items():
            bundle.writestr(zipfile.ZipInfo(name, stamp), content, zipfile.ZIP_DEFLATED)
    return written.getvalue()
