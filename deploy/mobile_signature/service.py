"""The six operations: a request in octets, an answer or a fault in octets.

Spec: ETSI TS 102 204 §6 and §7. Whoever asks is let in first (version, name, password), then the message is held against the
schema, then it is read. What is answered is held against the same schema.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from . import requests
from .cards import public_key
from .disturbances import active
from .envelope import EXT, MSS, Schema, answer, fault, read
from .refusals import NotSoapError, RefusedError
from .requests import LOGIN, PROFILES, SIGNING, Caller
from .signings import ACCEPTED, PENDING, Signings
from .store import Store
from .subscribers import Subscribers, key_of

ALGORITHMS = ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
              "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256")
SERVICE = "http://localhost/mobile-signature"
"""MSSP_ID."""


@dataclass(frozen=True)
class Reply:
    """What goes back.

    Attributes:
        status: Of HTTP: 200, or 500 with a fault.
        msisdn: Of whom it speaks, or empty; disturbances are of a number.
        told: One line for the log, without the password or what is signed.
    """

    status: int
    body: bytes
    msisdn: str
    told: str


class Service:
    """The service of the carriers.

    Args:
        store: Where everything is kept.
        schema: Of the messages.
        application: Name of the one application that is let in (``AP_ID``).
        password: Its password (``AP_PWD``).
        signings: Transactions.
        now: Gives the time, in seconds since 1970.
    """

    def __init__(self, store: Store, schema: Schema, application: str, password: str, signings: Signings,
                 now: Callable[[], float]) -> None:
        self._store, self._schema = store, schema
        self._application, self._password = application, password
        self._signings, self._subscribers, self._now = signings, Subscribers(store), now
        self._operations: dict[str, tuple[str, Callable[[etree._Element, Caller], etree._Element]]] = {
            "MSS_Signature": ("MSS_SignatureReq", self._signature), "MSS_StatusQuery": ("MSS_StatusReq", self._status),
            "MSS_ProfileQuery": ("MSS_ProfileReq", self._profile),
            "MSS_Registration": ("MSS_RegistrationReq", self._registration),
            "MSS_Receipt": ("MSS_ReceiptReq", self._receipt), "MSS_Handshake": ("MSS_HandshakeReq", self._handshake)}

    def knows(self, operation: str) -> bool:
        """Tell whether there is such an operation."""
        return operation in self._operations

    def take(self, operation: str, body: bytes) -> Reply:
        """Do what a request asks of an operation; every mistake becomes a fault."""
        msisdn, told = "", operation
        try:
            name, message = read(body)
            kind, do = self._operations[operation]
            if name != operation or message.tag != f"{{{MSS}}}{kind}":
                raise RefusedError(101, text=f"{operation} holding {kind} is expected here")
            msisdn = self._about(message)
            told = f"{operation} ...{msisdn[-3:]}"
            caller = requests.caller_of(message, self._application, self._password, hmac.compare_digest)
            told = f"{told} {caller.name[:64]}"
            self._hold_to_schema(kind, message)
            forced = active(self._store, "fault", msisdn)
            if forced is not None:
                code, _, finer = forced.partition("/")
                raise RefusedError(int(code), int(finer) if finer else None, "As it was switched on")
            reply = do(message, caller)
            problem = self._schema.problem(reply)
            if problem is not None:
                raise RefusedError(900, 9002, f"The answer is not as the schema says: {problem}")
            code = reply.find(f".//{{{MSS}}}StatusCode")
            return Reply(200, answer(operation, reply), msisdn, f"{told} -> {'' if code is None else code.get('Value')}")
        except (RefusedError, NotSoapError) as err:
            about = f"{err.code}/{err.finer}" if isinstance(err, RefusedError) else err.name
            return Reply(500, fault(err), msisdn, f"{told} -> {about} {err.text}")

    def _about(self, message: etree._Element) -> str:
        """Give the number that a message is about, or empty; disturbances are of a number."""
        found = self._store.row("SELECT msisdn FROM signing WHERE id = ?", message.get("MSSP_TransID", ""))
        number = message.findtext(f"{{{MSS}}}MobileUser/{{{MSS}}}MSISDN") or ""
        return str(found["msisdn"]) if found else number.strip().removeprefix("+")[:15]

    def _hold_to_schema(self, kind: str, message: etree._Element) -> None:
        lacking = requests.missing(message) if kind == "MSS_SignatureReq" else None
        if lacking is not None:
            raise lacking
        problem = self._schema.problem(message)
        if problem is not None:
            raise RefusedError(101, text=f"The message is not as the schema says: {problem}"[:400])

    def _signature(self, message: etree._Element, caller: Caller) -> etree._Element:
        found = self._signings.ask(caller, requests.question_of(message))
        reply = self._begin("MSS_SignatureResp", caller, MSSP_TransID=found["id"])
        self._user(reply, found["msisdn"])
        _add(_add(reply, "SignatureProfile"), "mssURI", found["profile"])
        _status(reply, ACCEPTED, "REQUEST_OK")
        return reply

    def _status(self, message: etree._Element, caller: Caller) -> etree._Element:
        found, code = self._signings.status(caller.application, message.get("MSSP_TransID", ""))
        msisdn = found["msisdn"]
        twice = code != PENDING and active(self._store, "duplicate", msisdn) is not None
        reply = self._begin("MSS_StatusResp", caller, MSSP_TransID=f"m{secrets.token_hex(12)}" if twice else found["id"])
        self._user(reply, msisdn)
        if code != PENDING:
            signature = base64.b64encode(self._made(found)).decode()
            _add(_add(reply, "MSS_Signature"), "Base64Signature", signature)
            _add(_add(reply, "SignatureProfile"), "mssURI", found["profile"])
        _status(reply, code, {PENDING: "OUTSTANDING_TRANSACTION", 500: "SIGNATURE", 501: "REVOKED_CERTIFICATE",
                              502: "VALID_SIGNATURE", 503: "INVALID_SIGNATURE"}[code])
        return reply

    def _made(self, found: Any) -> bytes:
        """Give the signature that was made, or a wrong one where that is switched on."""
        from .cards import sign

        if active(self._store, "other_profile", found["msisdn"]) is not None:
            with self._store.writing() as database:
                held = key_of(database, found["iccid"], SIGNING if found["profile"] == LOGIN else LOGIN)
            return sign(held["kind"], held["key"], found["hash_name"], found["digest"])
        with self._store.writing() as database:
            card = key_of(database, found["iccid"], found["profile"])
        if active(self._store, "other_signature", found["msisdn"]) is not None:
            other = self._store.row("SELECT signature FROM signing WHERE iccid = ? AND id <> ? AND signature IS NOT NULL "
                                    "ORDER BY signed DESC LIMIT 1", found["iccid"], found["id"])
            turned = bytes(octet ^ 0xFF for octet in found["digest"])
            return other["signature"] if other else sign(card["kind"], card["key"], found["hash_name"], turned)
        if active(self._store, "other_key", found["msisdn"]) is not None:
            from .cards import new_key

            return sign(card["kind"], new_key(card["kind"]), found["hash_name"], found["digest"])
        return found["signature"]

    def _profile(self, message: etree._Element, caller: Caller) -> etree._Element:
        msisdn = requests.msisdn_of(message)
        card = self._subscribers.profile(msisdn)
        reply = self._begin("MSS_ProfileResp", caller)
        login = self._store.row("SELECT certificate FROM login_key WHERE iccid = ?", card["iccid"])
        for profile in PROFILES if login is not None else (SIGNING,):
            _add(_add(reply, "SignatureProfile"), "mssURI", profile)
        detail = _add(_status(reply, ACCEPTED, "REQUEST_OK"), "StatusDetail")
        more = etree.SubElement(detail, f"{{{EXT}}}ProfileQueryExtension", nsmap={"ext": EXT})
        etree.SubElement(etree.SubElement(more, f"{{{EXT}}}SimCard"), f"{{{EXT}}}ICCID").text = card["iccid"]
        etree.SubElement(more, f"{{{EXT}}}PinStatus", blocked="true" if card["pin_left"] <= 0 else "false")
        for certificate in (card["certificate"], None if login is None else login["certificate"]):
            if certificate is not None:
                state = "revoked" if card["revoked"] else self._state_of(certificate)
                held = etree.SubElement(more, f"{{{EXT}}}MobileUserCertificate", State=state)
                etree.SubElement(held, f"{{{EXT}}}X509Certificate").text = base64.b64encode(certificate).decode()
        return reply

    def _state_of(self, certificate: bytes) -> str:
        from cryptography import x509

        until = x509.load_der_x509_certificate(certificate).not_valid_after_utc
        return "active" if datetime.fromtimestamp(self._now(), UTC) <= until else "expired"

    def _registration(self, message: etree._Element, caller: Caller) -> etree._Element:
        msisdn, iccid = requests.msisdn_of(message), requests.iccid_of(message)
        card = self._subscribers.register(msisdn, iccid, requests.certificate_of(message), requests.profile_of(message))
        reply = self._begin("MSS_RegistrationResp", caller)
        _status(reply, ACCEPTED, "REQUEST_OK")
        if card["certificate"] is not None:
            _add(reply, "X509Certificate", base64.b64encode(card["certificate"]).decode())
        _add(reply, "PublicKey", base64.b64encode(public_key(card["key"])).decode())
        return reply

    def _receipt(self, message: etree._Element, caller: Caller) -> etree._Element:
        msisdn = requests.msisdn_of(message)
        text = message.findtext(f"{{{MSS}}}Message") or ""
        self._signings.receipt(caller, message.get("MSSP_TransID", ""), msisdn, text)
        reply = self._begin("MSS_ReceiptResp", caller)
        _status(reply, ACCEPTED, "REQUEST_OK")
        return reply

    def _handshake(self, message: etree._Element, caller: Caller) -> etree._Element:
        reply = self._begin("MSS_HandshakeResp", caller, MSSP_TransID=f"m{secrets.token_hex(12)}")
        _add(reply, "SecureMethods").attrib.update({
            name: "false" if name == "MSS_Notification" else "true"
            for name in ("MSS_Signature", "MSS_Registration", "MSS_Notification", "MSS_ProfileQuery", "MSS_Receipt",
                         "MSS_Status")})
        path = f"{{{MSS}}}SignatureAlgList/{{{MSS}}}Algorithm/{{{MSS}}}mssURI"
        asked = {(one.text or "").strip() for one in message.iterfind(path)}
        listed = _add(reply, "MatchingSigAlgList")
        for algorithm in ALGORITHMS:
            if algorithm in asked:
                _add(_add(listed, "Algorithm"), "mssURI", algorithm)
        return reply

    def _begin(self, name: str, caller: Caller, **attributes: str) -> etree._Element:
        reply = etree.Element(f"{{{MSS}}}{name}", nsmap={"mss": MSS}, MajorVersion="1", MinorVersion="1", **attributes)
        # The schema demands the attribute; a password is never sent back.
        _add(reply, "AP_Info").attrib.update({"AP_ID": caller.application, "AP_TransID": caller.name, "AP_PWD": "",
                                              "Instant": caller.instant})
        moment = datetime.fromtimestamp(self._now(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        info = _add(reply, "MSSP_Info")
        info.set("Instant", moment)
        _add(_add(info, "MSSP_ID"), "URI", SERVICE)
        return reply

    def _user(self, reply: etree._Element, msisdn: str) -> None:
        other = active(self._store, "other_number", msisdn) is not None
        if active(self._store, "other_transaction", msisdn) is not None:
            reply[0].set("AP_TransID", f"x{secrets.token_hex(8)}")
        _add(_add(reply, "MobileUser"), "MSISDN", "84990000999" if other else msisdn)


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    child = etree.SubElement(parent, f"{{{MSS}}}{name}")
    child.text = text
    return child


def _status(reply: etree._Element, code: int, text: str) -> etree._Element:
    status = _add(reply, "Status")
    _add(status, "StatusCode").set("Value", str(code))
    _add(status, "StatusMessage", text)
    return status
