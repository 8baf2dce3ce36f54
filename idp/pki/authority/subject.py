"""Who a certificate is about: names from the directory, shortened by rule where they are longer than a name may be.

Sources: RFC 5280 §4.1.2.6 and Appendix A (at most 64 characters: characters, not bytes), trust-services D.4 (C, O, OU, CN, as
the Government's authority writes them). The mailbox stands in the alternative name and not in the subject (RFC 5280 §4.1.2.6).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from ...directory.officer import Officer
from ...errors import RefusedError
from .lint import LintError, lint_subject

LONGEST: Final = 64
_SHORT: Final = (
    ("Ủy ban nhân dân", "UBND"), ("Ủy ban Nhân dân", "UBND"), ("Hội đồng nhân dân", "HĐND"), ("Trung tâm", "TT"), ("Văn phòng",
                                                                                                                   "VP"),
    ("Phòng ", "P. "), ("Ban Quản lý", "BQL"), ("Ban quản lý", "BQL"), ("Nông nghiệp và Phát triển nông thôn", "NN&PTNT"),
    ("Thông tin và Truyền thông", "TT&TT"), ("Lao động - Thương binh và Xã hội", "LĐTBXH"), ("Tài nguyên và Môi trường", "TN&MT"),
    ("Văn hóa, Thể thao và Du lịch", "VHTT&DL"), ("Giáo dục và Đào tạo", "GD&ĐT"), ("Khoa học và Công nghệ", "KH&CN"),
    ("Kế hoạch và Đầu tư", "KH&ĐT"), ("Công nghệ thông tin", "CNTT"))
"""Abbreviations that offices use themselves, applied in this order until a name fits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Who it is.

    Attributes:
        name: Of the person, agency, server or service.
        organization: The province's, in full.
        units: Agency, and the part of it, the larger first.
        title: Post; empty for none.
        mail: Official mailbox; empty for none.
        hosts: DNS names.
        uid: Login name of an officer; tells two of one name apart.
    """

    name: str
    organization: str
    units: tuple[str, ...] = ()
    title: str = ""
    mail: str = ""
    hosts: tuple[str, ...] = ()
    uid: str = ""

    @classmethod
    def of_officer(cls, person: Officer, organization: str) -> Subject:
        """Give who an officer is, in the main post, as the directory says."""
        post = person.main_post
        return cls(name=person.name, organization=organization, units=(post.unit_name,), title=post.title, mail=person.mail,
                   uid=person.uid)

    def distinguished_name(self) -> x509.Name:
        """Give the subject: C, O, OU (one for each unit), title, UID, CN."""
        parts = [(NameOID.COUNTRY_NAME, "VN"), (NameOID.ORGANIZATION_NAME, shortened(self.organization))]
        parts += [(NameOID.ORGANIZATIONAL_UNIT_NAME, shortened(unit)) for unit in self.units if unit.strip()]
        if self.title.strip():
            parts.append((NameOID.TITLE, shortened(self.title)))
        if self.uid:
            parts.append((NameOID.USER_ID, self.uid))
        parts.append((NameOID.COMMON_NAME, shortened(self.name)))
        return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])

    def alternative_names(self, kinds: Sequence[str]) -> x509.SubjectAlternativeName | None:
        """Give the alternative names of the kinds that a profile has; None for a profile without.

        Raises:
            ValueError: there is none of a kind that the profile needs.
        """
        if not kinds:
            return None
        names: list[x509.GeneralName] = []
        if "mail" in kinds:
            names += [x509.RFC822Name(self.mail)] if self.mail else []
        if "dns" in kinds:
            names += [x509.DNSName(host) for host in self.hosts]
        if not names:
            raise ValueError("a certificate of this kind needs a mailbox, or names of hosts")
        return x509.SubjectAlternativeName(names)

    def issuable(self, kinds: Sequence[str]) -> tuple[x509.Name, x509.SubjectAlternativeName | None]:
        """Give the subject and its alternative names, of the kinds that a profile has, as a certificate may say them.

        Raises:
            RefusedError: 422 ``incomplete``: there is no name of a kind that the profile needs; 422 ``bad_subject``: a part is
                empty, too long, or has signs that nobody sees.
        """
        try:
            names = self.alternative_names(kinds)
        except ValueError as err:
            raise RefusedError(f"The directory does not know enough: {err}.", code="incomplete", status=422) from err
        try:
            subject = self.distinguished_name()
            lint_subject(subject)
        except (ValueError, LintError) as err:
            raise RefusedError(f"No certificate can say this subject: {err}.", code="bad_subject", status=422) from err
        return subject, names


def shortened(text: str) -> str:
    """Give a name of at most 64 characters: abbreviated as offices do, and cut after a word where that is not enough."""
    name = re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).strip()
    for long, short in _SHORT:
        if len(name) <= LONGEST:
            break
        name = name.replace(long, short)
    if len(name) > LONGEST:
        whole = name[:LONGEST - 1].rsplit(" ", 1)[0]
        name = (whole if len(whole) >= LONGEST // 2 else name[:LONGEST - 1]).rstrip(" ,;-") + "…"
    return name
