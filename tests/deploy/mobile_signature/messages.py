"""Messages as a province sends them, written by hand, and answers taken apart: nothing of the simulator's own writing is used."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from html import escape
from typing import Any

from lxml import etree

NAMES = {"env": "http://www.w3.org/2003/05/soap-envelope", "mss": "http://uri.etsi.org/TS102204/v1.1.2#",
         "ext": "http://www.methics.fi/TS102204/ext/v1.0.0"}
APPLICATION = "http://province.example/sign-on"
PKCS1 = "http://www.methics.fi/KiuruMSSP/v3.2.0#PKCS1"
FICOM = "http://mss.ficom.fi/TS102204/v1.0.0#PKCS1"
SIGN = "http://alauda.mobi/nonRepudiation"
DOCUMENT = hashlib.sha256(b"To trinh 12/TTr-STTTT").digest()
TEXT = "QLVB 12/TTr-STTTT 1462"
OPERATIONS = {"MSS_Signature": "MSS_SignatureReq", "MSS_StatusQuery": "MSS_StatusReq", "MSS_ProfileQuery": "MSS_ProfileReq",
              "MSS_Registration": "MSS_RegistrationReq", "MSS_Receipt": "MSS_ReceiptReq", "MSS_Handshake": "MSS_HandshakeReq"}


def envelope(operation: str, message: str, header: str = "") -> bytes:
    """Put a message into an envelope."""
    return (f'<?xml version="1.0" encoding="UTF-8"?><env:Envelope xmlns:env="{NAMES["env"]}">{header}<env:Body><{operation}>'
            f"{message}</{operation}></env:Body></env:Envelope>").encode()


def request(operation: str, name: str, password: str, content: str = "", attributes: str = "", *, version: str = "1",
            application: str = APPLICATION) -> bytes:
    """Write any request."""
    return envelope(operation, (
        f'<mss:{OPERATIONS[operation]} xmlns:mss="{NAMES["mss"]}" MajorVersion="1" MinorVersion="{version}" {attributes}>'
        f'<mss:AP_Info AP_ID="{application}" AP_TransID="{name}" AP_PWD="{escape(password)}" Instant="2026-11-28T08:00:00Z"/>'
        f"<mss:MSSP_Info><mss:MSSP_ID><mss:URI>http://mssp.example/</mss:URI></mss:MSSP_ID></mss:MSSP_Info>{content}"
        f"</mss:{OPERATIONS[operation]}>"))


def user(msisdn: str) -> str:
    return f"<mss:MobileUser><mss:MSISDN>{msisdn}</mss:MSISDN></mss:MobileUser>"


def signature(name: str, password: str, msisdn: str, *, digest: bytes = DOCUMENT, mime: str = "application/x-sha256",
              encoding: str = "base64", data: str | None = None, text: str | None = TEXT, text_mime: str = "text/plain",
              text_encoding: str = "UTF-8", profile: str | None = SIGN, format_: str | None = PKCS1,
              mode: str | None = "asynchClientServer", timeout: str | None = "120", more: str = "",
              attributes: str = "") -> bytes:
    """Write a signature request."""
    parts = [user(msisdn)]
    content = base64.b64encode(digest).decode() if data is None else data
    parts.append(f'<mss:DataToBeSigned MimeType="{mime}" Encoding="{encoding}">{content}</mss:DataToBeSigned>')
    if text is not None:
        parts.append(f'<mss:DataToBeDisplayed MimeType="{text_mime}" Encoding="{text_encoding}">{escape(text)}'
                     "</mss:DataToBeDisplayed>")
    if profile is not None:
        parts.append(f"<mss:SignatureProfile><mss:mssURI>{profile}</mss:mssURI></mss:SignatureProfile>")
    parts.append(more)
    if format_ is not None:
        parts.append(f"<mss:MSS_Format><mss:mssURI>{format_}</mss:mssURI></mss:MSS_Format>")
    given = (f'MessagingMode="{mode}" ' if mode else "") + (f'TimeOut="{timeout}" ' if timeout else "") + attributes
    return request("MSS_Signature", name, password, "".join(parts), given)


@dataclass
class Answer:
    """An answer taken apart.

    Attributes:
        code: Status code, or the fault's.
        finer: The fault's code below it.
        by: ``Sender`` or ``Receiver``, of a fault.
        message: The message, of an answer that is no fault.
    """

    status: int
    body: bytes
    code: int | None = None
    finer: int | None = None
    by: str = ""
    text: str = ""
    message: Any = None

    @property
    def transaction(self) -> str:
        return str(self.message.get("MSSP_TransID"))

    @property
    def signature(self) -> bytes | None:
        found = self.message.findtext("mss:MSS_Signature/mss:Base64Signature", namespaces=NAMES)
        return None if found is None else base64.b64decode(found, validate=True)


def answer(status: int, body: bytes) -> Answer:
    """Take an answer apart."""
    root = etree.fromstring(body)
    fault = root.find("env:Body/env:Fault", NAMES)
    if fault is None:
        [wrapper] = root.find("env:Body", NAMES)
        [message] = wrapper
        assert wrapper.tag in {f"{operation}Response" for operation in OPERATIONS}
        code = message.find("mss:Status/mss:StatusCode", NAMES)
        return Answer(status, body, None if code is None else int(code.get("Value")), message=message)
    values = [_qname(value) for value in fault.iterfind("env:Code//env:Value", NAMES)]
    [by, *codes] = values
    numbers = [int(name.removeprefix("_")) for namespace, name in codes if namespace == NAMES["mss"]]
    assert by[0] == NAMES["env"]
    return Answer(status, body, *[*numbers, None, None][:2], by=by[1], text=fault.findtext("env:Reason/env:Text", "", NAMES))


def _qname(value: Any) -> tuple[str, str]:
    prefix, _, name = value.text.partition(":")
    return value.nsmap[prefix], name
