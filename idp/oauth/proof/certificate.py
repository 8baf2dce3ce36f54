"""Mutual TLS: the certificate that a request came with, and whether it is that of the application.

Spec: RFC 8705 §2.1 (tls_client_auth), §2.2 (self_signed_tls_client_auth), §3 (bound tokens). The connection ends at our proxy,
which is the only one to be believed about the certificate (security checklist 55). A certificate of an authority is verified
against the authorities that the operator named, for TLS client authentication, now; a self-signed one counts by its key, which
must be among the keys that the application registered, and its own dates say nothing here (§2.2; a proxy may look at them).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from ...pki.path_validation import CertificateAuthorities
from ...pki.shown_certificate import ShownCertificate
from ..client import Client
from ..clients.keys import ClientKey

PKI: Final = "tls_client_auth"
SELF_SIGNED: Final = "self_signed_tls_client_auth"
METHODS: Final = (PKI, SELF_SIGNED)
NAMES: Final = ("tls_client_auth_subject_dn", "tls_client_auth_san_dns", "tls_client_auth_san_uri", "tls_client_auth_san_ip",
                "tls_client_auth_san_email")
"""Members of a registration of which one names the subject (RFC 8705 §2.1.2)."""


def names_of(client: Client) -> dict[str, str]:
    """Give the one name that a client registered for ``tls_client_auth`` (RFC 8705 §2.1.2); empty where it registered none."""
    return {name: value for name in NAMES if (value := getattr(client, name))}


def is_the_clients(shown: ShownCertificate, client: Client, *, authorities: CertificateAuthorities, keys: Sequence[ClientKey],
                   moment: datetime) -> bool:
    """Tell whether a certificate authenticates a client by the method that it registered.

    Args:
        shown: As the proxy passed it on.
        client: Registered for one of ``METHODS``.
        authorities: For ``tls_client_auth``.
        keys: The client's registered keys, for ``self_signed_tls_client_auth``.
        moment: Now.
    """
    if client.token_endpoint_auth_method == SELF_SIGNED:
        return any(key.thumbprint() == shown.key_thumbprint for key in keys)
    (member, registered), = names_of(client).items()
    return registered in shown.subject_names().get(member, set()) and authorities.vouch_for(shown, moment)
