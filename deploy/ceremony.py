#!/usr/bin/env python3
"""The root of the province's certification authority, on a machine that is connected to nothing.

One file: take it to that machine on a new medium, with the request of the issuing authority beside it. Needs Python 3.9 and the
package cryptography (Debian: python3-cryptography), nothing else of this product. docs/operations/certificate-authority.md tells
the steps.

    python3 ceremony.py issue pilot.request.json OUT                                  makes the root, and signs the request
    python3 ceremony.py issue pilot2.request.json OUT --root-key FILE --root FILE     signs with the root that is there
    python3 ceremony.py crl OUT --root-key FILE --root FILE [--previous root.crl] [--revoke CERTIFICATE ...]

OUT gets root.key (encrypted; it goes into the safe), result.json (it goes to ``flask ca init --ceremony``), the certificates, the
root's list of revoked certificates (a year), and protocol.txt, to be printed and signed by hand.

Spec: RFC 5280 §4.2.1.9 (path length), §5 (lists). Nothing of a request counts but its key and that it was signed with it.
"""

from __future__ import annotations

import argparse
import getpass
import hashlib
import json
import os
import re
import secrets
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID, ObjectIdentifier

UTC = timezone.utc  # noqa: UP017 (datetime.UTC came with Python 3.11)
ROOT_DAYS, ISSUING_DAYS, LIST_DAYS = 20 * 365, 10 * 365, 366
SHORTEST_PASSPHRASE = 12
ANY_POLICY = ObjectIdentifier("2.5.29.32.0")


class Wrong(SystemExit):
    """Something that stops the ceremony; one sentence."""

    def __init__(self, sentence):
        super().__init__("ceremony: " + sentence)


def main(arguments=None):
    """Run one command."""
    parser = argparse.ArgumentParser(description="The root of the province's certification authority, offline.")
    commands = parser.add_subparsers(dest="command", required=True)
    issue = commands.add_parser("issue", help="make the root if there is none, and sign the request of an issuing authority")
    issue.add_argument("request", type=Path)
    crl = commands.add_parser("crl", help="make the root's list of revoked certificates, for a year")
    crl.add_argument("--previous", type=Path, help="the last list; what stands on it stands on the next")
    crl.add_argument("--revoke", type=Path, action="append", default=[], help="certificate of an issuing authority to revoke")
    for command in (issue, crl):
        command.add_argument("out", type=Path, help="a folder that is made, on the medium")
        command.add_argument("--root-key", type=Path, required=command is crl)
        command.add_argument("--root", type=Path, required=command is crl, help="certificate of the root")
        command.add_argument("--passphrase-file", type=Path, help="instead of asking; for rehearsals")
    given = parser.parse_args(arguments)
    if bool(given.root_key) is not bool(given.root):
        raise Wrong("--root-key and --root belong together.")
    if given.out.exists():
        raise Wrong(f"{given.out} is there already; results are never written over others.")
    os.umask(0o077)
    (_issue if given.command == "issue" else _crl)(given)


def _issue(given):
    request, csr = _request(given.request)
    now = _now()
    if given.root_key:
        root, key = _read_root(given)
    else:
        key = ec.generate_private_key(ec.SECP384R1())
        phrase = _passphrase(given, new=True)
        _write(given.out / "root.key", key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(phrase)))
        root = _root(request["organization"], key, now)
    issuing = _issuing(request, csr.public_key(), root, key, now)
    issuing_name = request["name"]
    revoked = _list(root, key, [], now, 0)
    _write(given.out / "root.crt", root.public_bytes(Encoding.PEM))
    _write(given.out / (f"{issuing_name}.crt"), issuing.public_bytes(Encoding.PEM))
    _write(given.out / "root.crl", revoked.public_bytes(Encoding.PEM))
    _write(given.out / "result.json", json.dumps({
        "name": issuing_name, "root": _pem(root), "issuing": _pem(issuing), "crl": _pem(revoked)}, indent=1).encode())
    _protocol(given, now, [
        ("Yêu cầu / Request", given.request.name, hashlib.sha256(given.request.read_bytes()).hexdigest()),
        ("Chứng thư gốc / Root", _told(root), root.fingerprint(SHA256()).hex()),
        ("Chứng thư cấp dưới / Issuing", _told(issuing), issuing.fingerprint(SHA256()).hex()),
        ("Danh sách thu hồi / List", "root.crl", revoked.fingerprint(SHA256()).hex())], made_root=not given.root_key)


def _crl(given):
    root, key = _read_root(given)
    now, entries, number = _now(), {}, 0
    if given.previous:
        previous = _load(x509.load_pem_x509_crl, given.previous)
        if not previous.is_signature_valid(root.public_key()):
            raise Wrong(f"{given.previous} is not a list of this root.")
        entries = {one.serial_number: one for one in previous}
        number = previous.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number + 1
    for path in given.revoke:
        certificate = _load(x509.load_pem_x509_certificate, path)
        _issued_by(certificate, root, path)
        builder = x509.RevokedCertificateBuilder().serial_number(certificate.serial_number).revocation_date(now)
        builder = builder.add_extension(x509.CRLReason(x509.ReasonFlags.cessation_of_operation), critical=False)
        entries.setdefault(certificate.serial_number, builder.build())
    made = _list(root, key, list(entries.values()), now, number)
    _write(given.out / "root.crl", made.public_bytes(Encoding.PEM))
    _protocol(given, now, [("Chứng thư gốc / Root", _told(root), root.fingerprint(SHA256()).hex()),
                           ("Danh sách thu hồi / List", f"{len(entries)} revoked", made.fingerprint(SHA256()).hex())],
              made_root=False)


def _root(organization, key, now):
    name = _name(organization, "Root CA (pilot)")
    builder = _builder(name, name, key.public_key(), now - timedelta(minutes=5), now + timedelta(days=ROOT_DAYS))
    for extension, critical in ((x509.BasicConstraints(ca=True, path_length=None), True), (_usage(), True),
                                (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)):
        builder = builder.add_extension(extension, critical)
    return builder.sign(key, SHA384())


def _issuing(request, public_key, root, root_key, now):
    uri, origin = x509.UniformResourceIdentifier, request["origin"]
    begins, ends = max(now - timedelta(minutes=5), _begins(root)), min(now + timedelta(days=ISSUING_DAYS), _ends(root))
    subject = _name(request["organization"], f"Issuing CA {request['name']} (pilot)")
    builder = _builder(root.subject, subject, public_key, begins, ends)
    for extension, critical in (
            (x509.BasicConstraints(ca=True, path_length=0), True), (_usage(), True),
            (x509.SubjectKeyIdentifier.from_public_key(public_key), False),
            (x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), False),
            (x509.CertificatePolicies([x509.PolicyInformation(ANY_POLICY, None)]), False),
            (x509.AuthorityInformationAccess([
                x509.AccessDescription(AuthorityInformationAccessOID.OCSP, uri(origin + "/ocsp")),
                x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, uri(origin + "/ca/root.crt"))]), False),
            (x509.CRLDistributionPoints([x509.DistributionPoint([uri(origin + "/crl/root.crl")], None, None, None)]), False)):
        builder = builder.add_extension(extension, critical)
    return builder.sign(root_key, SHA384())


def _builder(issuer, subject, public_key, begins, ends):
    builder = x509.CertificateBuilder().issuer_name(issuer).subject_name(subject).public_key(public_key)
    return builder.serial_number((1 << 120) | secrets.randbits(120)).not_valid_before(begins).not_valid_after(ends)


def _list(root, key, entries, now, number):
    builder = x509.CertificateRevocationListBuilder().issuer_name(root.subject)
    builder = builder.last_update(now).next_update(now + timedelta(days=LIST_DAYS))
    for entry in entries:
        builder = builder.add_revoked_certificate(entry)
    builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
    # No less than the millisecond in which it is made: numbers grow also when nobody has the last list at hand.
    builder = builder.add_extension(x509.CRLNumber(max(number, int(now.timestamp() * 1000))), critical=False)
    return builder.sign(key, SHA384())


def _request(path):
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        csr = x509.load_pem_x509_csr(found["csr"].encode())
        fits = (re.fullmatch("[a-z0-9][a-z0-9-]{0,30}", found["name"]) and found["name"] != "root"
                and re.fullmatch("https?://[A-Za-z0-9.:-]+", found["origin"]) and 0 < len(found["organization"]) <= 64)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise Wrong(f"{path} is not a request of an issuing authority (flask ca request).") from None
    key = csr.public_key()
    if not fits or not csr.is_signature_valid or not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp384r1":
        raise Wrong(f"{path} does not fit: name, origin or organization, or its P-384 key has not signed it.")
    return found, csr


def _read_root(given):
    root = _load(x509.load_pem_x509_certificate, given.root)
    try:
        key = load_pem_private_key(given.root_key.read_bytes(), _passphrase(given, new=False))
    except (OSError, ValueError, TypeError):
        raise Wrong(f"{given.root_key} cannot be opened; is the passphrase right?") from None
    if _spki(key.public_key()) != _spki(root.public_key()):
        raise Wrong(f"{given.root_key} is not the key of {given.root}.")
    _issued_by(root, root, given.root)
    return root, key


def _issued_by(certificate, root, path):
    try:
        root.public_key().verify(certificate.signature, certificate.tbs_certificate_bytes, ec.ECDSA(SHA384()))
    except Exception:
        raise Wrong(f"{path} was not issued by this root.") from None


def _load(read, path):
    try:
        return read(path.read_bytes())
    except (OSError, ValueError):
        raise Wrong(f"{path} cannot be read.") from None


def _passphrase(given, new):
    if given.passphrase_file:
        phrase = given.passphrase_file.read_text(encoding="utf-8").strip()
    else:
        phrase = getpass.getpass("Passphrase of the root's key: ")
        if new and getpass.getpass("Once more: ") != phrase:
            raise Wrong("the two passphrases differ.")
    if new and len(phrase) < SHORTEST_PASSPHRASE:
        raise Wrong(f"the passphrase has fewer than {SHORTEST_PASSPHRASE} characters.")
    return phrase.encode()


def _protocol(given, now, rows, made_root):
    program = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    lines = ["BIÊN BẢN TẠO KHÓA GỐC / PROTOCOL OF THE ROOT KEY CEREMONY", "",
             f"Thời gian / Time (UTC): {now:%Y-%m-%d %H:%M:%S}",
             f"Chương trình / Program: {Path(__file__).name}", f"  SHA-256 {_grouped(program)}",
             f"Lệnh / Command: {given.command}{', khóa gốc mới / new root key' if made_root else ''}", ""]
    for what, told, digest in rows:
        lines += [what, "  " + told, f"  SHA-256 {_grouped(digest)}", ""]
    lines += ["Nơi thực hiện / Place: ______________________________", "Máy tính / Machine: ______________________________",
              "Nơi cất khóa gốc / Where the root's key is kept: 1. ______________________  2. ______________________", ""]
    for role in ("Người chủ trì / Leader", "Người thao tác / Operator", "Người chứng kiến / Witness"):
        lines += [f"{role}: ______________________________  Ký tên / Signature: ______________________________", ""]
    text = "\n".join(lines)
    _write(given.out / "protocol.txt", text.encode())
    sys.stdout.buffer.write(text.encode() + b"\n")


def _told(certificate):
    days = f"{_begins(certificate).date()} - {_ends(certificate).date()}"
    return f"{certificate.subject.rfc4514_string()}; serial {certificate.serial_number:x}; {days}"


def _grouped(digest):
    return " ".join(digest[n:n + 4] for n in range(0, len(digest), 4))


def _name(organization, common):
    return x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"), x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
                      x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _usage():
    return x509.KeyUsage(digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
                         key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False)


def _now():
    return datetime.now(UTC).replace(microsecond=0)


def _begins(certificate):
    return getattr(certificate, "not_valid_before_utc", None) or certificate.not_valid_before.replace(tzinfo=UTC)


def _ends(certificate):
    return getattr(certificate, "not_valid_after_utc", None) or certificate.not_valid_after.replace(tzinfo=UTC)


def _spki(key):
    return x509.SubjectKeyIdentifier.from_public_key(key)


def _pem(made):
    return made.public_bytes(Encoding.PEM).decode()


def _write(path, content):
    path.parent.mkdir(exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


if __name__ == "__main__":
    main()
