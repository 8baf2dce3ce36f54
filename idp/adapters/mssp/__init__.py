"""The client of a carrier's mobile signature service (port ``signing.mobile_signature``): SOAP 1.2 over mutual TLS.

Spec: ETSI TS 102 204, asynchronous client-server mode. An answer counts only for what was asked: our name of the transaction, the
service's name where there is one already, and the number have to be the same (security checklist 58). Octets of both sides are
handed on for the evidence, the application password is taken out of them.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

from lxml import etree

from ...clock import Clock
from ...errors import UnavailableError
from ...signing.mobile_signature import Answer, Exchange, KeyUse, Registered, SignatureRequest, SimState
from ...signing.outcome import of_fault, of_status
from .envelope import HIDDEN, MSS, EnvelopeError, Envelopes, Fault, without

EXTENSION: Final = "http://www.methics.fi/TS102204/ext/v1.0.0"
"""Where carriers put the card's number and the certificates that they hold."""
RAW: Final = ("http://www.methics.fi/KiuruMSSP/v3.2.0#PKCS1", "http://mss.ficom.fi/TS102204/v1.0.0#PKCS1")
"""Formats of a bare signature."""
_TAKEN: Final = 100
_LENGTHS: Final = {"sha256": 32, "sha384": 48, "sha512": 64}
_LONGEST_SIGNATURE: Final = 1024
_SHORTEST_PASSWORD: Final = 8


class Reply(Protocol):
    """An HTTP answer."""

    @property
    def status(self) -> int:
        """Give the status."""
        ...

    @property
    def body(self) -> bytes:
        """Give the body, of 64 kB at most."""
        ...


Post = Callable[[str, bytes], Reply]
"""Posts octets as ``application/soap+xml`` to a URL; raises UnavailableError where nobody answers."""


@dataclass(frozen=True, slots=True, repr=False)
class Account:
    """How the province is known to a service.

    Attributes:
        url: Below which its ports are, such as ``https://mssp.carrier.vn/soap/services``.
        ap_id: Our name there (a URI).
        password: The application password, of at least eight characters: it is looked for in what is kept.
        mssp_id: Its own name (a URI).
        profile: Signature profile (a URI) for signing documents.
        format: Format of the signature (a URI), one of ``RAW``.
        authentication_profile: Signature profile (a URI) of the key by which officers sign in; empty where there is none.
    """

    url: str
    ap_id: str
    password: str
    mssp_id: str
    profile: str
    format: str = RAW[0]
    authentication_profile: str = ""

    def __post_init__(self) -> None:
        """Refuse what cannot be told from other words, and one profile for both keys. Raises ValueError."""
        if len(self.password) < _SHORTEST_PASSWORD:
            raise ValueError(f"The application password has fewer than {_SHORTEST_PASSWORD} characters.")
        if self.authentication_profile == self.profile:
            raise ValueError("authentication_profile has to be another than profile: the key that signs never signs in.")


class MobileSignatureClient:
    """Asks one service. Safe to use from many threads.

    Args:
        account: How we are known there.
        post: Makes the calls, with our certificate.
        clock: Source of the time.
    """

    def __init__(self, account: Account, post: Post, clock: Clock) -> None:
        self._account, self._post, self._clock = account, post, clock
        self._envelopes = Envelopes()

    @property
    def authenticates(self) -> bool:
        """Whether there is a profile for signing in."""
        return bool(self._account.authentication_profile)

    def sign(self, request: SignatureRequest) -> Answer:
        """Ask a phone for a signature; see the port."""
        if len(request.digest) != _LENGTHS[request.digest_name]:
            raise ValueError(f"not a {request.digest_name} hash")
        message = self._message("MSS_SignatureReq", request.transaction, request.msisdn, MessagingMode="asynchClientServer",
                                TimeOut=str(request.timeout_seconds))
        _add(message, "DataToBeSigned", b64encode(request.digest).decode(), MimeType=f"application/x-{request.digest_name}",
             Encoding="base64")
        _add(message, "DataToBeDisplayed", request.text, MimeType="text/plain", Encoding="UTF-8")
        _add(_add(message, "SignatureProfile"), "mssURI", self._profile(request.use))
        _add(_add(message, "MSS_Format"), "mssURI", self._account.format)
        return self._call("MSS_Signature", message, request.transaction, msisdn=request.msisdn, named="needed")[0]

    def status(self, transaction: str, service_transaction: str, msisdn: str) -> Answer:
        """Ask what became of it; see the port."""
        message = self._message("MSS_StatusReq", transaction, None, MSSP_TransID=service_transaction)
        return self._call("MSS_StatusQuery", message, transaction, msisdn=msisdn, named=service_transaction)[0]

    def profile(self, transaction: str, msisdn: str) -> SimState:
        """Ask what the service knows of a number; see the port."""
        answer, read = self._call("MSS_ProfileQuery", self._message("MSS_ProfileReq", transaction, msisdn), transaction)
        if read is None or answer.code != _TAKEN:
            return SimState(answer)
        profiles = tuple(uri.strip() for uri in read.xpath("mss:SignatureProfile/mss:mssURI/text()", namespaces={"mss": MSS}))
        pin = _first(read, "//*[local-name()='PinStatus']/@blocked")
        return SimState(
            answer, profiles, _digits(_first(read, "//*[local-name()='SimCard']/*[local-name()='ICCID']/text()")),
            None if not pin else pin in ("true", "1"),
            tuple(_octets(text) for text in
                  read.xpath("//*[local-name()='MobileUserCertificate']/*[local-name()='X509Certificate']/text()")))

    def register(self, transaction: str, msisdn: str, iccid: str, certificate: bytes | None = None, *,
                 use: KeyUse = "signing") -> Registered:
        """Register a number with its card; see the port."""
        message = self._message("MSS_RegistrationReq", transaction, msisdn)
        if certificate is not None:
            _add(message, "X509Certificate", b64encode(certificate).decode())
        card = etree.SubElement(message, f"{{{EXTENSION}}}SimCard", nsmap={"ext": EXTENSION})
        etree.SubElement(card, f"{{{EXTENSION}}}ICCID").text = iccid
        if use != "signing":
            etree.SubElement(message, f"{{{EXTENSION}}}SignatureProfile", nsmap={"ext": EXTENSION}).text = self._profile(use)
        answer, read = self._call("MSS_Registration", message, transaction)
        if read is None or answer.code != _TAKEN:
            return Registered(answer)
        key, held = (read.findtext(f"{{{MSS}}}{name}") for name in ("PublicKey", "X509Certificate"))
        return Registered(answer, _octets(key) if key else None, _octets(held) if held else None)

    def receipt(self, transaction: str, service_transaction: str, msisdn: str, text: str) -> Answer:
        """Tell the phone what became of its signature; see the port."""
        message = self._message("MSS_ReceiptReq", transaction, msisdn, MSSP_TransID=service_transaction)
        _add(message, "Message", text, MimeType="text/plain", Encoding="UTF-8")
        return self._call("MSS_Receipt", message, transaction)[0]

    def handshake(self, transaction: str) -> Answer:
        """Ask whether the service is there and lets us in; see the port."""
        message = self._message("MSS_HandshakeReq", transaction, None)
        _add(message, "SecureMethods", **dict.fromkeys(
            ("MSS_Signature", "MSS_Registration", "MSS_ProfileQuery", "MSS_Receipt", "MSS_Status"), "true"))
        for name in ("Certificates", "RootCAs", "SignatureAlgList"):
            _add(message, name)
        return self._call("MSS_Handshake", message, transaction)[0]

    def _profile(self, use: KeyUse) -> str:
        """Give the profile of a use; there is none that stands in for another. Raises ValueError where there is none."""
        found = self._account.profile if use == "signing" else self._account.authentication_profile
        if not found:
            raise ValueError("This service has no profile for signing in.")
        return found

    def _message(self, name: str, transaction: str, msisdn: str | None, **attributes: str) -> etree._Element:
        """Begin a message with what every one has."""
        message = etree.Element(f"{{{MSS}}}{name}", nsmap={"mss": MSS}, MajorVersion="1", MinorVersion="1", **attributes)
        instant = datetime.fromtimestamp(self._clock.now(), UTC).isoformat(timespec="milliseconds")
        _add(message, "AP_Info", AP_ID=self._account.ap_id, AP_TransID=transaction, AP_PWD=self._account.password,
             Instant=instant)
        _add(_add(_add(message, "MSSP_Info"), "MSSP_ID"), "URI", self._account.mssp_id)
        if msisdn is not None:
            _add(_add(message, "MobileUser"), "MSISDN", f"+{msisdn}")
        return message

    def _call(self, operation: str, message: etree._Element, transaction: str, *, msisdn: str | None = None,
              named: str = "") -> tuple[Answer, etree._Element | None]:
        """Send a message and read the answer; ``named``: see ``_answer``."""
        kind = etree.QName(message).localname
        try:
            sent = self._envelopes.write(operation, message)
        except (EnvelopeError, ValueError) as err:
            raise ValueError(f"{kind}: {err}") from err
        reply = self._post(f"{self._account.url.rstrip('/')}/{operation}Port", sent)
        if reply.status not in (200, 500):
            raise _down(f"{operation}: HTTP {reply.status}")
        try:
            read = self._envelopes.read(reply.body, kind.removesuffix("Req") + "Resp")
        except EnvelopeError as err:
            raise _down(f"{operation}: HTTP {reply.status}, {self._hidden(str(err))}") from err
        exchange = Exchange(*(without(octets, self._account.password) for octets in (sent, reply.body)))
        if isinstance(read, Fault):
            reason = self._hidden(read.reason)
            return Answer(of_fault(read.code, read.finer), read.code, read.finer, "", None, reason, exchange), None
        return self._answer(read, exchange, transaction, msisdn, named), read

    def _answer(self, read: etree._Element, exchange: Exchange, transaction: str, msisdn: str | None, named: str) -> Answer:
        """See that an answer is the one to our question, and say what it says.

        ``named`` is the service's name of the transaction; ``needed`` where it gives one now, empty where there is none.
        """
        about = read.find(f"{{{MSS}}}AP_Info")
        if about is None or (about.get("AP_TransID"), about.get("AP_ID")) != (transaction, self._account.ap_id):
            raise _down("an answer to another question")
        theirs = read.get("MSSP_TransID", "")
        if named == "needed":
            if not theirs:
                raise _down("a transaction without a name")
        elif named and theirs not in ("", named):
            raise _down("an answer about another transaction")
        number = (read.findtext(f"{{{MSS}}}MobileUser/{{{MSS}}}MSISDN") or "").strip().removeprefix("+")
        if msisdn is not None and number not in ("", msisdn):
            raise _down("an answer about another number")
        status = read.find(f"{{{MSS}}}Status")
        # The answer to a handshake has no status: that it came is the answer.
        code = int(status.find(f"{{{MSS}}}StatusCode").get("Value")) if status is not None else _TAKEN
        words = " ".join((status.findtext(f"{{{MSS}}}StatusMessage") or "").split())[:300] if status is not None else ""
        outcome, signature = of_status(code), None
        if outcome.has_signed:
            signature = _signature(read)
            if signature is None:
                raise _down("signed, and no signature")
        name = theirs or (named if named != "needed" else "")
        return Answer(outcome, code, None, name, signature, self._hidden(words), exchange)

    def _hidden(self, words: str) -> str:
        """Give a service's words without the password, which some of them quote."""
        return words.replace(self._account.password, HIDDEN)


def _add(parent: etree._Element, name: str, text: str | None = None, **attributes: str) -> etree._Element:
    element = etree.SubElement(parent, f"{{{MSS}}}{name}", **attributes)
    element.text = text
    return element


def _signature(read: etree._Element) -> bytes | None:
    """Give the octets of a bare signature, wherever the service puts them."""
    holder = read.find(f"{{{MSS}}}MSS_Signature")
    if holder is None or len(holder) != 1 or etree.QName(holder[0]).localname not in ("Base64Signature", "PKCS1"):
        return None
    found = _octets(holder[0].text or "")
    return found if 0 < len(found) <= _LONGEST_SIGNATURE else None


def _octets(text: str) -> bytes:
    try:
        return b64decode("".join(text.split()), validate=True)
    except ValueError as err:
        raise _down("octets that are not Base64") from err


def _first(read: etree._Element, path: str) -> str:
    found = read.xpath(path)
    return str(found[0]).strip() if found else ""


def _digits(text: str) -> str:
    return text if text.isascii() and text.isdigit() and 18 <= len(text) <= 20 else ""


def _down(debug: str) -> UnavailableError:
    return UnavailableError("Dịch vụ ký số trên SIM chưa trả lời được. Vui lòng thử lại sau ít phút.",
                            dependency="mobile_signature", debug=debug)
