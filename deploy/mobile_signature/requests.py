"""What is asked, read from a message: who asks, of which number, what is to be signed and shown.

Spec: ETSI TS 102 204 §7 (messages); values as carriers document them: the hash of a document or a DigestInfo, at most 110 letters
of the default alphabet of phones (3GPP TS 23.038 §6.2.1). Each mistake has its own code.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from lxml import etree

from .envelope import EXT, MSS
from .refusals import RefusedError

FORMATS = ("http://www.methics.fi/KiuruMSSP/v3.2.0#PKCS1", "http://mss.ficom.fi/TS102204/v1.0.0#PKCS1")
PROFILES = (SIGNING, LOGIN) = ("http://alauda.mobi/nonRepudiation", "http://alauda.mobi/digitalSignature")
"""Which key of a SIM is meant: the one that signs documents, or the one that proves who signs in."""
LENGTHS = {"sha256": 32, "sha384": 48, "sha512": 64}
LONGEST_TEXT = 110
TIMEOUT, LONGEST_TIMEOUT = 120, 3600
# DER of DigestInfo before the hash (RFC 8017 §9.2, note 1).
_DIGEST_INFOS = {
    bytes.fromhex("3031300d060960864801650304020105000420"): "sha256",
    bytes.fromhex("3041300d060960864801650304020205000430"): "sha384",
    bytes.fromhex("3051300d060960864801650304020305000440"): "sha512",
}
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà")
_EXTENDED = frozenset("^{}\\[~]|€\f")


@dataclass(frozen=True)
class Caller:
    """Who asks, and under which name.

    Attributes:
        application: ``AP_ID``.
        name: ``AP_TransID``.
        instant: When it was asked, as written.
    """

    application: str
    name: str
    instant: str


@dataclass(frozen=True)
class Question:
    """What a phone is asked.

    Attributes:
        content: A digest of everything that makes it this question; the time of asking and the password do not.
        seconds: How long the officer has, from now.
        not_after: A moment after which nothing is signed (``ValidityDate``), or None.
    """

    msisdn: str
    hash_name: str
    digest: bytes
    text: str
    profile: str
    seconds: int
    not_after: float | None
    content: str


def caller_of(message: etree._Element, application: str, password: str, same: object) -> Caller:
    """Let in whoever knows the name and the password, in version 1.1.

    Args:
        message: Any request.
        application: The one that is known here.
        password: Its password.
        same: Compares two strings in constant time.

    Raises:
        RefusedError: 101, 104, 108.
    """
    if (message.get("MajorVersion"), message.get("MinorVersion")) != ("1", "1"):
        raise RefusedError(108, text="Version 1.1 is spoken here")
    info = message.find(f"{{{MSS}}}AP_Info")
    if info is None:
        raise RefusedError(102, text="AP_Info is missing")
    known = [same(info.get("AP_ID", "").encode(), application.encode()),  # type: ignore[operator]
             same(info.get("AP_PWD", "").encode(), password.encode())]  # type: ignore[operator]
    if not all(known):
        raise RefusedError(104, text="AP_ID or AP_PWD is not right")
    return Caller(application, info.get("AP_TransID", ""), info.get("Instant", ""))


def msisdn_of(message: etree._Element) -> str:
    """Give the number, international, without ``+``.

    Raises:
        RefusedError: 102, 1051.
    """
    found = message.findtext(f"{{{MSS}}}MobileUser/{{{MSS}}}MSISDN")
    if found is None:
        raise RefusedError(102, text="MSISDN is missing")
    number = found.strip().removeprefix("+")
    if not re.fullmatch(r"[1-9][0-9]{7,14}", number, re.ASCII):
        raise RefusedError(105, 1051)
    return number


def iccid_of(message: etree._Element) -> str:
    """Give the number of the SIM in a registration request.

    Raises:
        RefusedError: 102, 4073.
    """
    found = [one.text or "" for one in message.iter(f"{{{EXT}}}ICCID")]
    if len(found) != 1:
        raise RefusedError(102, text="SimCard/ICCID is missing")
    if not re.fullmatch(r"89[0-9]{16,18}", found[0].strip(), re.ASCII):
        raise RefusedError(407, 4073, "The ICCID is malformed")
    return found[0].strip()


def profile_of(message: etree._Element) -> str:
    """Give the profile whose key a registration request is about; the one for documents where it names none.

    Raises:
        RefusedError: 109.
    """
    found = [(one.text or "").strip() for one in message.iter(f"{{{EXT}}}SignatureProfile")] or [SIGNING]
    if len(found) != 1 or found[0] not in PROFILES:
        raise RefusedError(109, text="There is no such profile")
    return found[0]


def certificate_of(message: etree._Element) -> bytes | None:
    """Give the certificate of a registration request, as it came.

    Raises:
        RefusedError: 4071.
    """
    found = message.findtext(f"{{{MSS}}}X509Certificate")
    if found is None:
        return None
    try:
        return base64.b64decode("".join(found.split()), validate=True)
    except binascii.Error as err:
        raise RefusedError(407, 4071, "The certificate is not base64") from err


def missing(message: etree._Element) -> RefusedError | None:
    """Give the code for what a signature request has to have and has not."""
    if message.get("MessagingMode") is None:
        return RefusedError(102, text="MessagingMode is missing")
    for name, finer in (("MobileUser", None), ("DataToBeSigned", 1022), ("DataToBeDisplayed", 1021), ("MSS_Format", None)):
        if message.find(f"{{{MSS}}}{name}") is None:
            return RefusedError(102, finer, "" if finer else f"{name} is missing")
    return None


def question_of(message: etree._Element) -> Question:
    """Read a signature request that the schema allows.

    Raises:
        RefusedError: 101 to 109, 720.
    """
    if message.get("MessagingMode") != "asynchClientServer":
        raise RefusedError(101, 1013)
    if message.find(f"{{{MSS}}}AdditionalServices") is not None:
        raise RefusedError(101, 1014)
    if message.find(f"{{{MSS}}}KeyReference") is not None:
        raise RefusedError(101, text="KeyReference is not supported")
    if message.findtext(f"{{{MSS}}}MSS_Format/{{{MSS}}}mssURI", "").strip() not in FORMATS:
        raise RefusedError(101, 1017)
    profile = message.findtext(f"{{{MSS}}}SignatureProfile/{{{MSS}}}mssURI", SIGNING).strip()
    if profile not in PROFILES:
        raise RefusedError(109, text="The number has no such profile")
    msisdn = msisdn_of(message)
    hash_name, digest = _digest_of(message)
    text = _text_of(message)
    seconds = int(message.get("TimeOut", TIMEOUT))
    if seconds > LONGEST_TIMEOUT:
        raise RefusedError(101, text=f"TimeOut is at most {LONGEST_TIMEOUT}")
    validity = message.get("ValidityDate")
    parts = (msisdn, hash_name, digest.hex(), text, profile, str(seconds), validity or "")
    return Question(msisdn, hash_name, digest, text, profile, seconds, _moment(validity),
                    hashlib.sha256("\0".join(parts).encode()).hexdigest())


def _digest_of(message: etree._Element) -> tuple[str, bytes]:
    data = message.find(f"{{{MSS}}}DataToBeSigned")
    assert data is not None
    kind = data.get("MimeType", "").lower()
    name = kind.removeprefix("application/x-")
    if data.get("Encoding", "").lower() != "base64" or (name not in LENGTHS and kind != "application/octet-stream"):
        raise RefusedError(101, 1016)
    try:
        octets = base64.b64decode("".join((data.text or "").split()), validate=True)
    except binascii.Error as err:
        raise RefusedError(101, 1016, "The data to sign are not base64") from err
    if not octets:
        raise RefusedError(102, 1022)
    if kind == "application/octet-stream":
        found = next((prefix for prefix in _DIGEST_INFOS if octets.startswith(prefix)), None)
        if found is None:
            raise RefusedError(101, 1016, "Octets are signed only as a DigestInfo of SHA-256, SHA-384 or SHA-512")
        name, octets = _DIGEST_INFOS[found], octets[len(found):]
    if len(octets) != LENGTHS[name]:
        raise RefusedError(103, text=f"A hash of {name} has {LENGTHS[name]} octets")
    return name, octets


def _text_of(message: etree._Element) -> str:
    shown = message.find(f"{{{MSS}}}DataToBeDisplayed")
    assert shown is not None
    text = shown.text or ""
    if not text.strip():
        raise RefusedError(102, 1021)
    if shown.get("MimeType", "text/plain").lower() != "text/plain" or shown.get("Encoding", "UTF-8").upper() != "UTF-8":
        raise RefusedError(101, 1015)
    if any(letter not in _BASIC and letter not in _EXTENDED for letter in text):
        raise RefusedError(101, 1015)
    # A letter of the extension table takes two places.
    if sum(2 if letter in _EXTENDED else 1 for letter in text) > LONGEST_TEXT:
        raise RefusedError(103, text=f"At most {LONGEST_TEXT} letters are shown")
    return text


def _moment(text: str | None) -> float | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
