"""Envelopes: read strictly, written plainly.

Spec: SOAP 1.2 part 1 §5 (envelope, fault); ETSI TS 102 204 §7.13. A body is UTF-8, of bounded size, without a document type or
entities, and nothing is fetched for it. The message in it is held against the schema, in both directions.
"""

from __future__ import annotations

import threading
from pathlib import Path

from lxml import etree

from .refusals import NotSoapError, RefusedError

SOAP = "http://www.w3.org/2003/05/soap-envelope"
MSS = "http://uri.etsi.org/TS102204/v1.1.2#"
EXT = "http://www.methics.fi/TS102204/ext/v1.0.0"
LARGEST = 64 * 1024
DEEPEST = 24
_PREFIXES = {"env": SOAP, "mss": MSS}


def read(body: bytes) -> tuple[str, etree._Element]:
    """Give the name of the operation and the message in it.

    Raises:
        NotSoapError: another envelope, or a header that has to be understood.
        RefusedError: 101, it is no XML of the kind that is taken here.
    """
    root = _parsed(body)
    name = etree.QName(root)
    if name.localname != "Envelope" or name.namespace != SOAP:
        raise NotSoapError("VersionMismatch", "A SOAP 1.2 envelope is expected")
    parts = {etree.QName(part).localname: part for part in root if etree.QName(part).namespace == SOAP}
    for header in parts.get("Header", ()):
        if header.get(f"{{{SOAP}}}mustUnderstand") in {"true", "1"}:
            raise NotSoapError("MustUnderstand", f"{etree.QName(header).localname} is not understood")
    body_part = parts.get("Body")
    if body_part is None or len(parts) != len(root):
        raise RefusedError(101, text="An envelope has a body, and nothing else besides a header")
    if len(body_part) != 1 or len(body_part[0]) != 1:
        raise RefusedError(101, text="The body holds one operation, and that one message")
    return etree.QName(body_part[0]).localname, body_part[0][0]


def _parsed(body: bytes) -> etree._Element:
    if len(body) > LARGEST:
        raise RefusedError(101, text="The message is too large")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as err:
        raise RefusedError(101, text="The message is not UTF-8") from err
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise RefusedError(101, text="A document type is not taken")
    parser = etree.XMLParser(encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
                             remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as err:
        raise RefusedError(101, text="The message is not well-formed") from err
    if root.getroottree().docinfo.internalDTD is not None:
        raise RefusedError(101, text="A document type is not taken")
    if _deeper_than(root, DEEPEST):
        raise RefusedError(101, text="The message is nested too deeply")
    return root


def _deeper_than(element: etree._Element, levels: int) -> bool:
    level = [element]
    for _ in range(levels):
        level = [child for one in level for child in one]
    return bool(level)


class Schema:
    """The schema of the messages; one object for all threads.

    Args:
        path: The XSD file.
    """

    def __init__(self, path: Path) -> None:
        self._schema = etree.XMLSchema(etree.parse(str(path)))
        self._lock = threading.Lock()

    def problem(self, message: etree._Element) -> str | None:
        """Say what of a message the schema does not allow, or None."""
        # A copy: an element in the middle of a tree is looked at with the namespaces around it and nothing else.
        alone = etree.fromstring(etree.tostring(message))
        with self._lock:
            if self._schema.validate(alone):
                return None
            error = self._schema.error_log.last_error
            return error.message if error is not None else "not allowed"


def answer(operation: str, message: etree._Element) -> bytes:
    """Write an answer to an operation."""
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap=_PREFIXES)
    wrapper = etree.SubElement(etree.SubElement(envelope, f"{{{SOAP}}}Body"), f"{operation}Response")
    wrapper.append(message)
    return etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")


def fault(error: RefusedError | NotSoapError) -> bytes:
    """Write a fault: who is at fault, the code as a name in our namespace, and the finer one within it."""
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap=_PREFIXES)
    one = etree.SubElement(etree.SubElement(envelope, f"{{{SOAP}}}Body"), f"{{{SOAP}}}Fault")
    code = etree.SubElement(one, f"{{{SOAP}}}Code")
    value = etree.SubElement(code, f"{{{SOAP}}}Value")
    if isinstance(error, NotSoapError):
        value.text = f"env:{error.name}"
    else:
        value.text = "env:Sender" if error.sender else "env:Receiver"
        for number in (error.code, error.finer):
            if number is not None:
                code = etree.SubElement(code, f"{{{SOAP}}}Subcode")
                etree.SubElement(code, f"{{{SOAP}}}Value").text = f"mss:_{number}"
    reason = etree.SubElement(etree.SubElement(one, f"{{{SOAP}}}Reason"), f"{{{SOAP}}}Text")
    reason.set("{http://www.w3.org/XML/1998/namespace}lang", "en")
    reason.text = error.text
    return etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")
