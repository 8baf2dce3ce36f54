"""Documents between upload and seal: what each is, whose turn it is, and that it is signed once in each role.

Source: Decree 30/2020/NĐ-CP, Appendix I (a leader signs, then the clerk seals; attachments in files of their own and electronic
copies are signed by the agency alone). Kept in memory, the newest of them: a document system keeps them in its database.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from .layout import Box, Role
from .upload import Paper

Kind = Literal["issued", "attachment", "copy"]
KINDS: Final[dict[Kind, str]] = {
    "issued": "Văn bản ban hành", "attachment": "Văn bản kèm theo (tệp riêng)", "copy": "Bản sao điện tử"}
COPY_FORMS: Final = ("SAO Y", "SAO LỤC", "TRÍCH SAO")
TURNS: Final[dict[Kind, tuple[Role, ...]]] = {"issued": ("person", "seal"), "attachment": ("attachment",), "copy": ("copy",)}
ROLES: Final[dict[Role, str]] = {
    "person": "Lãnh đạo: ký cá nhân", "seal": "Văn thư: đóng dấu cơ quan", "attachment": "Văn thư: ký văn bản kèm theo",
    "copy": "Văn thư: ký bản sao điện tử"}
GROUPS: Final[dict[Role, str]] = {"person": "lanhdao", "seal": "vanthu", "attachment": "vanthu", "copy": "vanthu"}
"""Group of the directory that may sign in a role."""
MOST: Final = 60
MOST_OCTETS: Final = 200 * 1024 * 1024


class NotNowError(Exception):
    """It is not this role's turn, or somebody signs it just now; the sentence says which, for the officer."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One document.

    Attributes:
        document_id: 128 random bits.
        unit: Code of the agency that it belongs to; officers of it see it.
        pdf: The file as it is now, never shown in logs.
        done: Roles that have signed, in order.
        signing: Role that signs just now; None for none.
        by: Who signs just now (``sub``).
        code: The four digits on the phone; empty before they are known.
        problem: Why the last attempt came to nothing; empty for none.
        person: Where the person's picture stands.
    """

    document_id: str
    unit: str
    kind: Kind
    number: str
    title: str
    copy_form: str
    paper: Paper
    pdf: bytes = field(repr=False)
    done: tuple[Role, ...] = ()
    signing: Role | None = None
    by: str = ""
    code: str = ""
    problem: str = ""
    person: Box | None = None

    @property
    def turn(self) -> Role | None:
        """Whose turn it is; None when all have signed."""
        left = TURNS[self.kind][len(self.done):]
        return left[0] if left else None

    @property
    def state(self) -> str:
        """Where it is, in words."""
        if self.signing is not None:
            return "Đang chờ xác nhận trên điện thoại"
        return {None: "Đã ký xong", "person": "Chờ lãnh đạo ký", "seal": "Chờ văn thư đóng dấu"}.get(self.turn, "Chờ văn thư ký")


class Documents:
    """All documents of one process; every verb is one step, whoever comes at the same moment."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: dict[str, Document] = {}

    def add(self, *, unit: str, kind: Kind, number: str, title: str, copy_form: str, paper: Paper, pdf: bytes) -> Document:
        """Take a document in; the oldest that nobody signs just now make room."""
        made = Document(document_id=secrets.token_urlsafe(16), unit=unit, kind=kind, number=number, title=title,
                        copy_form=copy_form, paper=paper, pdf=pdf)
        with self._lock:
            self._all[made.document_id] = made
            for old in [one for one in self._all.values() if one.signing is None and one is not made]:
                if len(self._all) <= MOST and sum(len(one.pdf) for one in self._all.values()) <= MOST_OCTETS:
                    break
                del self._all[old.document_id]
        return made

    def of_unit(self, unit: str) -> Sequence[Document]:
        """Give an agency's documents, newest first."""
        with self._lock:
            return [one for one in reversed(self._all.values()) if one.unit == unit and unit]

    def find(self, unit: str, document_id: str) -> Document | None:
        """Find one of an agency's documents."""
        with self._lock:
            found = self._all.get(document_id)
        return found if found is not None and unit and found.unit == unit else None

    def begin(self, document: Document, role: Role, by: str) -> Document:
        """Reserve a document for one signature.

        Raises:
            NotNowError: it is another's turn, or somebody signs it just now.
        """
        with self._lock:
            now = self._all.get(document.document_id)
            if now is None:
                raise NotNowError("Văn bản này không còn ở đây.")
            if now.signing is not None:
                raise NotNowError("Văn bản đang chờ xác nhận trên điện thoại của một người khác hoặc ở cửa sổ khác.")
            if now.turn != role:
                raise NotNowError("Văn bản đã ký xong." if now.turn is None else f"Chưa đến lượt: {now.state.lower()}.")
            begun = replace(now, signing=role, by=by, code="", problem="")
            self._all[now.document_id] = begun
        return begun

    def told(self, document_id: str, code: str) -> None:
        """Note the four digits of the signature that is on the way."""
        self._change(document_id, code=code)

    def signed(self, document_id: str, pdf: bytes, person: Box | None) -> None:
        """Keep what came of it."""
        with self._lock:
            now = self._all[document_id]
            assert now.signing is not None
            self._all[document_id] = replace(now, pdf=pdf, person=person, done=(*now.done, now.signing), signing=None, by="",
                                             code="")

    def failed(self, document_id: str, sentence: str) -> None:
        """Note that nothing came of it: the document is as it was."""
        self._change(document_id, signing=None, by="", code="", problem=sentence)

    def _change(self, document_id: str, **values: object) -> None:
        with self._lock:
            self._all[document_id] = replace(self._all[document_id], **values)  # type: ignore[arg-type]
