"""The device code grant: a device without keyboard or browser gets what an officer approved on another one.

Spec: RFC 8628 §3.4, §3.5. The code is for the client that asked for it, and once. An unknown code, or another client's, is
``invalid_grant`` (RFC 6749 §5.2), where Authlib would say ``invalid_request`` and ``unauthorized_client``.
"""

from __future__ import annotations

from authlib.oauth2.rfc8628 import DeviceCodeGrant

from .. import client_authentication
from ..deferred.authorization import Deferred, Kind
from ..grant import Grant
from .deferred import Waiting


class DeviceGrant(Waiting, DeviceCodeGrant):  # type: ignore[misc]
    """Authlib's grant on our store."""

    TOKEN_ENDPOINT_AUTH_METHODS = client_authentication.METHODS
    KIND = Kind.DEVICE

    def query_device_credential(self, device_code: str) -> Deferred:
        """Find what was approved; raises what RFC 8628 §3.5 says of anything else."""
        return self.awaited(device_code)

    def validate_device_credential(self, credential: Deferred) -> Grant:
        """Give the grant, which stands for the officer."""
        assert credential.grant is not None
        return credential.grant
