"""The subject that an application knows an officer by.

Spec: OpenID Connect Core §2 and §8. The type is ``public``: everybody is told the officer's own stable identifier, which was
given at first sight and survives rename, transfer and reorganisation. ID tokens, access tokens, UserInfo, introspection and
logout tokens all ask here, so that they cannot disagree.
"""

from __future__ import annotations

from ..oauth.client import Client

TYPES = ("public",)
"""Subject types that are offered; discovery lists the same."""


def subject_for(client: Client, sub: str) -> str:
    """Give the subject of an officer for one application.

    Args:
        client: The application.
        sub: The officer's own identifier (``directory.mirror``).
    """
    return sub
