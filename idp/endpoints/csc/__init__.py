"""``/csc/``: remote signing for programs, by the Cloud Signature Consortium's API.

Spec: CSC API 1.0.4.0 and 2.0.0.2. Two faces of one room (``idp/signing/csc``); which methods there are stands in the tables of
``version1`` and ``version2``.
"""

from typing import Final

BASE: Final = "/csc"
"""Address below which the versions stand."""
