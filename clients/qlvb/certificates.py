"""Whether a certificate may sign in a role: a leader signs in person, and the agency's seal is the agency's own certificate.

Sources: Decree 30/2020/NĐ-CP Appendix I, II.7 and II.8; Decree 68/2024/NĐ-CP as provinces apply it: the seal's key is kept by the
clerk at the office, its certificate names the agency and nobody; a person's names the person. Checked before a phone is asked
(Circular 15/2025/TT-BKHCN: the certificate is checked before it signs).
"""

from __future__ import annotations

from datetime import UTC, datetime

from asn1crypto.x509 import Certificate

from .fonts import readable
from .layout import Role

PERSONAL = frozenset({"title", "user_id", "given_name", "surname"})
"""Parts of a subject that only a person has."""


class WrongCertificateError(Exception):
    """It may not sign in this role; the sentence says why, for the officer."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def named(certificate: Certificate) -> str:
    """Give whose it is: the common name."""
    found = certificate.subject.native.get("common_name", "")
    return readable(found[-1] if isinstance(found, list) else str(found))


def check(certificate: Certificate, role: Role, officer: str) -> None:
    """See that a certificate may sign in a role for an officer who is signed in.

    Args:
        certificate: Of the credential.
        role: In which it is to sign.
        officer: Name, as the directory has it.

    Raises:
        WrongCertificateError: it may not.
    """
    if not certificate.not_valid_before <= datetime.now(UTC) <= certificate.not_valid_after:
        raise WrongCertificateError("Chứng thư trên SIM đã hết hạn. Hãy đề nghị gia hạn trước khi ký.")
    name, own = named(certificate), readable(officer).casefold()
    is_own = name.casefold() == own
    if role == "person" and not is_own:
        raise WrongCertificateError(f"Chứng thư trên SIM mang tên “{name}”, không phải tên của bạn, nên không ký cá nhân được.")
    if role != "person" and (is_own or PERSONAL & certificate.subject.native.keys()):
        raise WrongCertificateError(
            "SIM của bạn mang chứng thư cá nhân. Con dấu số phải là chứng thư của cơ quan, do văn thư giữ: hãy dùng SIM có "
            "chứng thư của cơ quan.")
