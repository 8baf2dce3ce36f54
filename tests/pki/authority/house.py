"""An authority over a store, with keys in a folder, and requests to it."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from idp.adapters.ca_pkcs11 import TokenKeys
from idp.adapters.ca_software import SoftwareKeys
from idp.adapters.key_files import write_once
from idp.adapters.sql.database import Database
from idp.adapters.sql.pki.certificates import SqlCertificateStore
from idp.audit import Caller
from idp.pki.authority import csr
from idp.pki.authority.assembly import Addresses
from idp.pki.authority.issuance import Issuance, Issued, Order
from idp.pki.authority.keys import KeysByPlace
from idp.pki.authority.subject import Subject
from tests.fakes.clock import FakeClock

CALLER = Caller("192.0.2.7", "r-1")
ADDRESSES = Addresses(origin="http://pki.haugiang.example", policy_arc="1.3.6.1.4.1.99999.1")
OFFICER = Subject(name="Nguyễn Văn Mẫu", organization="Tỉnh Hậu Giang", units=("Sở Y tế",), title="Trưởng phòng",
                  mail="nvmau@haugiang.gov.vn", uid="nvmau")
SERVER = Subject(name="lgsp.haugiang.example", organization="Tỉnh Hậu Giang", hosts=("lgsp.haugiang.example",))
KEY = ec.generate_private_key(ec.SECP256R1())


def request(key: Any = None, *, name: str = "ai do", digest: Any = None, **extension: Any) -> bytes:
    """Make a request, with names and wishes of its own."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME,
                                                                                                 name)]))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return builder.sign(key or KEY, digest or SHA256()).public_bytes(Encoding.DER)


class House:
    """An authority."""

    def __init__(self, database: Database, folder: Path, token: TokenKeys | None = None, clock: Any = None) -> None:
        self.clock, self.folder = clock or FakeClock(), folder
        self.store = SqlCertificateStore(database)
        self.keys = KeysByPlace(SoftwareKeys(folder / "ca", write_once), token, new_in_token=token is not None)
        self.issuance = Issuance(self.store, self.keys, ADDRESSES, self.clock, keys=self.keys, organization="Tỉnh Hậu Giang")

    def founded(self, name: str = "pilot") -> Any:
        return self.issuance.found(name, CALLER, root_key=None)

    def order(self, profile: str = "officer_signing", **changes: Any) -> Order:
        subject = SERVER if profile.startswith("tls") else OFFICER
        made = Order(profile=profile, public_key=csr.read(request()).public_key, subject=subject, holder="sub-1",
                     unit_code="H30.11")
        return replace(made, **changes)

    def issue(self, profile: str = "officer_signing", **changes: Any) -> Issued:
        changes.setdefault("public_key", ec.generate_private_key(ec.SECP256R1()).public_key())
        return self.issuance.issue(self.order(profile, **changes), CALLER)

    def files(self, issued: Issued) -> tuple[Path, Path, Path]:
        """Write a certificate, its issuer and the root; for other programs."""
        paths = tuple(self.folder / name for name in ("leaf.pem", "issuing.pem", "root.pem"))
        for path, certificate in zip(paths, (issued.certificate, *issued.chain), strict=True):
            path.write_bytes(certificate.public_bytes(Encoding.PEM))
        return paths  # type: ignore[return-value]


def run(*command: str | Path) -> str:
    """Run another program; gives what it said, and its status in front."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=120, check=False)
    return f"{done.returncode}\n{done.stdout}{done.stderr}"
