"""What a part of a run answers by now, asked without a proxy and without following redirects."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import Any


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)


def leads_to_the_provider(port: int) -> bool:
    """Tell whether the application on a port sends to the provider."""
    return answer(f"http://localhost:{port}/oidc/login")[0] == 302


def answer(url: str) -> tuple[int, bytes]:
    """Ask and give status and body; status 0 when nobody answers."""
    try:
        with _OPENER.open(url, timeout=5) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as err:
        return err.code, b""
    except OSError:
        return 0, b""
