"""What a service refuses, as its codes say it, and the two refusals of SOAP itself.

Spec: ETSI TS 102 204 §7.13 (fault codes), the finer codes that services write below them; SOAP 1.2 part 1 §5.4.6.
"""

from __future__ import annotations


class RefusedError(Exception):
    """One fault of the mobile signature service.

    Attributes:
        code: Three digits.
        finer: Four digits below it, or None.
        text: For whoever reads the log of the other side.
    """

    def __init__(self, code: int, finer: int | None = None, text: str = "") -> None:
        super().__init__(text or str(finer or code))
        self.code, self.finer, self.text = code, finer, text or TEXTS.get(finer or code, "Refused")

    @property
    def sender(self) -> bool:
        """Whether it is the asking side's mistake."""
        return 101 <= self.code <= 108 or 701 <= self.code <= 720


class NotSoapError(Exception):
    """Not an envelope that is understood here.

    Attributes:
        name: ``VersionMismatch`` or ``MustUnderstand``.
    """

    def __init__(self, name: str, text: str) -> None:
        super().__init__(text)
        self.name, self.text = name, text


TEXTS = {
    101: "WRONG_PARAM", 102: "MISSING_PARAM", 103: "WRONG_DATA_LENGTH", 104: "UNAUTHORIZED_ACCESS", 105: "UNKNOWN_CLIENT",
    107: "INAPPROPRIATE_DATA", 108: "INCOMPATIBLE_INTERFACE", 109: "UNSUPPORTED_PROFILE", 208: "EXPIRED_TRANSACTION",
    209: "OTA_ERROR", 401: "USER_CANCEL", 402: "PIN_NR_BLOCKED", 403: "CARD_BLOCKED", 407: "REGISTRATION_FAILED",
    720: "VALIDITY_PASSED", 900: "INTERNAL_ERROR",
    1013: "The messaging mode is not supported: asynchClientServer only", 1014: "Unknown additional service",
    1015: "The text cannot be displayed: text/plain, UTF-8, letters of the default alphabet",
    1016: "MIME type or encoding is not supported", 1017: "The signature format is not supported",
    1021: "The text to display is missing", 1022: "The data to sign are missing", 1051: "The number is malformed",
    1052: "No such number", 1053: "The number is not registered", 1054: "The SIM is not the one that was registered",
    2082: "The user has not answered in time", 2093: "The phone cannot be reached", 4011: "The user has cancelled",
    4012: "Wrong PIN", 4013: "The user has postponed", 4021: "The PIN is blocked", 4031: "The PUK is blocked",
    4071: "The certificate does not hold the key of the SIM", 4073: "The ICCID is not the SIM of this number",
}
