"""Certificates of the line, made at the first start: one authority for the service, one for its clients, and a password.

Spec: RFC 5280 §4.2. The province is given ``client.pem`` and ``client.key`` to show, ``service-authority.pem`` to know
the service by, and ``application.password``; a carrier hands over the same things. Everything is for the owner alone.
"""

from __future__ import annotations

import ipaddress
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

SERVICE_AUTHORITY, SERVER, SERVER_KEY = "service-authority.pem", "server.pem", "server.key"
CLIENT_AUTHORITY, CLIENT, CLIENT_KEY = "client-authority.pem", "client.pem", "client.key"
PASSWORD = "application.password"
FILES = (SERVICE_AUTHORITY, SERVER, SERVER_KEY, CLIENT_AUTHORITY, CLIENT, CLIENT_KEY, PASSWORD)
YEARS = 10


def make(folder: Path) -> None:
    """Make what the line needs, all of it together, unless all of it is there."""
    if all((folder / name).is_file() for name in FILES):
        return
    for name, content in _made().items():
        file = folder / name
        file.touch(mode=0o600)
        file.chmod(0o600)
        file.write_bytes(content)


def _made() -> dict[str, bytes]:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    began = datetime.now(UTC) - timedelta(minutes=5)

    def certificate(name: str, key: ec.EllipticCurvePrivateKey, issuer: str, issuer_key: ec.EllipticCurvePrivateKey,
                    *more: tuple[x509.ExtensionType, bool]) -> x509.Certificate:
        authority = name == issuer
        usage = dict.fromkeys(("digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
                               "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"), False)
        usage |= {"key_cert_sign": True, "crl_sign": True} if authority else {"digital_signature": True}
        builder = x509.CertificateBuilder(
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]),
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]),
            key.public_key(), x509.random_serial_number(), began, began + timedelta(days=365 * YEARS))
        for extension, critical in (
                (x509.BasicConstraints(authority, 0 if authority else None), True), (x509.KeyUsage(**usage), True),
                (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
                (x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False), *more):
            builder = builder.add_extension(extension, critical)
        return builder.sign(issuer_key, SHA256())

    def pem(key: ec.EllipticCurvePrivateKey) -> bytes:
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    service_key, server_key, clients_key, client_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(4))
    services, clients = "Mobile signature service (sample)", "Clients of the mobile signature service (sample)"
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = {
        SERVICE_AUTHORITY: certificate(services, service_key, services, service_key),
        SERVER: certificate("localhost", server_key, services, service_key, (names, False),
                            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)),
        CLIENT_AUTHORITY: certificate(clients, clients_key, clients, clients_key),
        CLIENT: certificate("The province", client_key, clients, clients_key,
                            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False)),
    }
    # The keys of the two authorities are used once and kept nowhere.
    return {name: one.public_bytes(Encoding.PEM) for name, one in made.items()} | {
        SERVER_KEY: pem(server_key), CLIENT_KEY: pem(client_key), PASSWORD: f"{secrets.token_urlsafe(24)}\n".encode()}
