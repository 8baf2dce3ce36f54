"""SOAP 1.2 envelopes with a message of ETSI TS 102 204: written, and read with everything closed that XML could open.

Spec: SOAP 1.2 Part 1 §5 (envelope, fault); ETSI TS 102 204 §7 and §9. No document type, no entities, no network, 64 kB (the
caller's bound); every message, ours and theirs, is held against ``core.xsd``. Services put a wrapper named after the operation
around a message and leave namespaces out in different ways: the wrapper is looked through, and a message without a namespace is
read as if it had the right one (security checklist 60).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn

from lxml import etree

SOAP: Final = "http://www.w3.org/2003/05/soap-envelope"
MSS: Final = "http://uri.etsi.org/TS102204/v1.1.2#"
HIDDEN: Final = "********"
_DEEPEST: Final = 16


class EnvelopeError(ValueError):
    """What came is no answer; the message says why, without what it held."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A SOAP fault: the code, the finer one below it, and the service's words."""

    code: int
    finer: int | None
    reason: str


def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(Path(__file__).with_name("core.xsd"), _parser()))


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
                           remove_comments=True, remove_pis=True, recover=False)


class Envelopes:
    """Writes and reads envelopes; holds the compiled schema. Safe to use from many threads."""

    def __init__(self) -> None:
        self._schema = _schema()

    def write(self, operation: str, message: etree._Element) -> bytes:
        """Wrap a message.

        Raises:
            EnvelopeError: it is not what the schema has; a mistake of ours or a setting that fits nowhere.
        """
        self._check(message)
        envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"env": SOAP, "mss": MSS})
        body = etree.SubElement(envelope, f"{{{SOAP}}}Body")
        etree.SubElement(body, operation).append(message)
        written: bytes = etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")
        return written

    def read(self, content: bytes, name: str) -> etree._Element | Fault:
        """Read the message of that name, or the fault that came instead.

        Raises:
            EnvelopeError: it is neither, or not what the schema has.
        """
        parser = _parser()
        try:
            root = etree.fromstring(content, parser)
        except (etree.XMLSyntaxError, ValueError) as err:
            raise EnvelopeError("no XML") from err
        if root.getroottree().docinfo.doctype:
            raise EnvelopeError("a document type")
        if root.tag != f"{{{SOAP}}}Envelope" or (body := root.find(f"{{{SOAP}}}Body")) is None or len(body) != 1:
            raise EnvelopeError("no SOAP 1.2 envelope with one body")
        fault = body.find(f"{{{SOAP}}}Fault")
        if fault is not None:
            return _fault(fault)
        message = body[0]
        if etree.QName(message).localname != name and len(message) == 1:
            message = message[0]
        if etree.QName(message).localname != name or etree.QName(message).namespace not in (None, MSS):
            raise EnvelopeError("another message")
        try:
            # Out of its envelope, so that what stands around it has no say. Not all that is read can be written again.
            alone = etree.fromstring(etree.tostring(message, with_tail=False, encoding="UTF-8"), parser)
        except (etree.XMLSyntaxError, ValueError) as err:
            raise EnvelopeError("no message by itself") from err
        _qualified(alone, 0)
        self._check(alone)
        return alone

    def _check(self, message: etree._Element) -> None:
        if not self._schema.validate(message):
            wrong = self._schema.error_log.last_error
            raise EnvelopeError(f"not what the schema has, line {wrong.line if wrong is not None else 0}")


def without(content: bytes, secret: str) -> bytes:
    """Give an answer without a text, in whatever way it is written there; as it came where it does not hold it.

    For an answer that was read already: what is no XML gives nothing.
    """
    try:
        root = etree.fromstring(content, _parser())
    except (etree.XMLSyntaxError, ValueError):
        return b""
    found = False
    for element in root.iter():
        for name, value in element.attrib.items():
            if secret in value:
                element.set(name, value.replace(secret, HIDDEN))
                found = True
        for name in ("text", "tail"):
            value = getattr(element, name)
            if value is not None and secret in value:
                setattr(element, name, value.replace(secret, HIDDEN))
                found = True
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return written if found else content


def _qualified(element: etree._Element, depth: int) -> None:
    """Give elements without a namespace the one that they belong to."""
    if depth > _DEEPEST:
        raise EnvelopeError("too deep")
    if not isinstance(element.tag, str):
        raise EnvelopeError("more than elements and text")
    if etree.QName(element).namespace is None:
        element.tag = f"{{{MSS}}}{element.tag}"
    for child in element:
        _qualified(child, depth + 1)


def _fault(fault: etree._Element) -> Fault:
    """Read ``Code/Subcode/Value`` (a QName such as ``mss:_208``) and the one nested in it."""
    subcode = f"{{{SOAP}}}Subcode"
    first = fault.find(f"{{{SOAP}}}Code/{subcode}")
    second = first.find(subcode) if first is not None else None
    reason = " ".join((fault.findtext(f"{{{SOAP}}}Reason/{{{SOAP}}}Text") or "").split())[:300]
    code = _number(first)
    if code is None:
        _no_code(reason)
    return Fault(code, _number(second), reason)


def _no_code(reason: str) -> NoReturn:
    raise EnvelopeError("a fault without a code" + (f": {reason}" if reason else ""))


def _number(subcode: Any) -> int | None:
    if subcode is None:
        return None
    value = (subcode.findtext(f"{{{SOAP}}}Value") or "").strip().rpartition(":")[2].removeprefix("_")
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 5 else None
