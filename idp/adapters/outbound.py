"""The only HTTP client: guarded calls to addresses that clients registered (security checklist 19).

https only; in development also http to loopback, and for revocation lists, which are signed, http to public addresses. A host
is resolved once and the connection goes to the address that was checked, while certificate, SNI and Host keep the name. Private,
loopback, link-local and other non-public addresses are refused except for hosts in ``IDP_OUTBOUND_ALLOW``; loopback is allowed in
development. No redirect is followed, no proxy of the environment is used, and name, connection, handshake, headers and body
together have five seconds and 64 kB.
"""

from __future__ import annotations

import ipaddress
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import certifi
import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from ..errors import RefusedError, UnavailableError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], list[str]]

_SYSTEM_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")


class AddressRefusedError(RefusedError):
    """The URL or what it resolves to may not be fetched."""

    code = "address_refused"


class ReceiverError(UnavailableError):
    """The other side did not answer properly; the message is a short reason without addresses."""

    def __init__(self, message: str, *, debug: str = "") -> None:
        super().__init__(message, dependency="receiver", debug=debug)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, media type (lower case, without parameters) and at most 64 kB of body."""

    status: int
    content_type: str
    body: bytes


class Outbound:
    """Makes guarded calls; safe to use from many threads.

    Args:
        development: Whether http and loopback addresses are allowed.
        allow: Host names, addresses or networks that may be non-public.
        timeout_seconds: For a whole call.
        max_bytes: Largest body that is read.
        ca_file: Certificates to trust besides the system's.
        client_certificate: PEM files of a certificate (its chain after it) and its key, shown to whoever asks for one.
        resolve: How a host name becomes addresses.
        plain: http is taken too: for what is signed by itself and is published so (RFC 5280 §4.2.1.13).
    """

    def __init__(self, *, development: bool, plain: bool = False, allow: Iterable[str] = (), timeout_seconds: float = 5.0,
                 max_bytes: int = 65536, ca_file: Path | None = None, client_certificate: tuple[Path, Path] | None = None,
                 resolve: Resolve | None = None) -> None:
        self._development, self._plain = development, plain
        self._allowed_names = {entry.lower().rstrip(".") for entry in allow}
        self._allowed_networks = [network for entry in allow if (network := _network(entry)) is not None]
        self._timeout = timeout_seconds
        self._max_bytes = max_bytes
        self._resolve = resolve or _getaddrinfo
        self._tls = ssl.create_default_context(cafile=_SYSTEM_CERTIFICATES if _SYSTEM_CERTIFICATES.exists() else certifi.where())
        self._tls.minimum_version = ssl.TLSVersion.TLSv1_2
        if ca_file is not None:
            self._tls.load_verify_locations(ca_file)
        if client_certificate is not None:
            self._tls.load_cert_chain(*client_certificate)

    def get(self, url: str, *, accept: str = "application/json") -> Answer:
        """Fetch a document.

        Raises:
            AddressRefusedError: the URL may not be fetched.
            ReceiverError: no connection, time-out, wrong certificate, redirect, or an answer that is too large.
        """
        return self._call("GET", url, {"Accept": accept}, None, read_body=True)

    def document(self, url: str, *, accept: str = "application/json") -> bytes:
        """Fetch the body of a document that is there (200). Raises as ``get``, and ReceiverError for every other status."""
        answer = self.get(url, accept=accept)
        if answer.status != 200:
            raise ReceiverError(f"It answers {answer.status}.")
        return answer.body

    def post_form(self, url: str, fields: Mapping[str, str]) -> int:
        """Post a form and give the status, whatever it is; the body is not read. Raises as ``get``."""
        return self._call("POST", url, {"Accept": "*/*"}, fields, read_body=False).status

    def post_json(self, url: str, members: Mapping[str, Any], *, bearer: str) -> int:
        """Post a JSON object with a bearer token and give the status, whatever it is; the body is not read. Raises as ``get``."""
        headers = {"Accept": "*/*", "Authorization": f"Bearer {bearer}", "Content-Type": "application/json"}
        return self._call("POST", url, headers, json.dumps(members), read_body=False).status

    def post_octets(self, url: str, octets: bytes, *, content_type: str) -> Answer:
        """Post octets and give the answer, whatever its status. Raises as ``get``."""
        return self._call("POST", url, {"Accept": "*/*", "Content-Type": content_type}, octets, read_body=True)

    def _call(self, method: str, url: str, headers: dict[str, str], sent: Mapping[str, str] | str | bytes | None, *,
              read_body: bool) -> Answer:
        deadline = time.monotonic() + self._timeout
        parts = self._check_url(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        addresses = self._addresses(str(parts.hostname), port, deadline, plain=parts.scheme == "http")
        line = _Line(addresses, port, deadline)
        with requests.Session() as session:
            session.trust_env = False
            session.mount(f"{parts.scheme}://", _PinnedAdapter(line, self._tls))
            headers |= {"User-Agent": "provincial-idp", "Accept-Encoding": "identity"}
            try:
                with session.request(method, url, headers=headers, data=sent, stream=True, allow_redirects=False,
                                     timeout=max(0.01, deadline - time.monotonic())) as answer:
                    body = self._read(answer) if read_body else b""
                    if line.cut:
                        raise ReceiverError("No answer in time.")
                    content_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
                    if read_body and 300 <= answer.status_code < 400:
                        raise ReceiverError("It redirects, which is not followed.")
                    return Answer(answer.status_code, content_type, body)
            except (requests.RequestException, HTTPError, OSError, ValueError) as err:
                raise _reason(err, late=time.monotonic() >= deadline) from err
            finally:
                line.hang_up()

    def _read(self, answer: requests.Response) -> bytes:
        """Read the raw body up to the limit; compressed bodies are not taken, because we asked for none."""
        if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise ReceiverError("The answer is compressed, which was not asked for.")
        body = bytearray()
        while chunk := answer.raw.read(8192, decode_content=False):
            body += chunk
            if len(body) > self._max_bytes:
                raise ReceiverError("The answer is too large.")
        return bytes(body)

    def _check_url(self, url: str) -> SplitResult:
        if not url.isascii() or not url.isprintable() or " " in url or "\\" in url or len(url) > 2048:
            raise AddressRefusedError("The address holds characters that are not allowed.")
        try:
            parts = urlsplit(url)
            parts.port  # noqa: B018  raises where the port is no number
        except ValueError:
            raise AddressRefusedError("The address is not well formed.") from None
        if not parts.hostname or parts.username is not None or parts.password is not None or "%" in parts.netloc:
            raise AddressRefusedError("The address is not well formed.")
        if parts.scheme != "https" and not ((self._development or self._plain) and parts.scheme == "http"):
            raise AddressRefusedError("The address is not https.")
        return parts

    def _addresses(self, host: str, port: int, deadline: float, *, plain: bool) -> list[str]:
        """Resolve once and check every address; one that is not allowed refuses the host."""
        named = host.lower().rstrip(".") in self._allowed_names
        found = _in_time(self._resolve, host, port, deadline)
        if not found:
            raise ReceiverError("The host name is not known.")
        for text in found:
            address = _unwrap(ipaddress.ip_address(text.partition("%")[0]))
            loopback = self._development and address.is_loopback
            if plain and not self._plain and not address.is_loopback:
                raise AddressRefusedError("The address is not https.")
            if address.is_multicast or address.is_unspecified:
                raise AddressRefusedError("The host has an address that is not allowed.")
            listed = named or any(address in network for network in self._allowed_networks)
            if not (loopback or listed or (address.is_global and not address.is_reserved)):
                raise AddressRefusedError("The host has an address that is not allowed.")
        return found


class Recorded:
    """Calls nobody: gives documents that it was told, in a rehearsal of this deployment.

    Args:
        documents: By address.
    """

    def __init__(self, documents: Mapping[str, bytes]) -> None:
        self._documents = documents

    def document(self, url: str, *, accept: str = "application/json") -> bytes:
        """Give the document; raises ReceiverError where there is none."""
        if url not in self._documents:
            raise ReceiverError("Nothing is fetched in a rehearsal.")
        return self._documents[url]

    def post_form(self, url: str, fields: Mapping[str, str]) -> int:
        """Raise ReceiverError."""
        raise ReceiverError("Nothing is sent in a rehearsal.")

    def post_json(self, url: str, members: Mapping[str, Any], *, bearer: str) -> int:
        """Raise ReceiverError."""
        raise ReceiverError("Nothing is sent in a rehearsal.")


class _Line:
    """One call's connection: to a checked address only, cut at the deadline whatever the other side drips."""

    def __init__(self, addresses: list[str], port: int, deadline: float) -> None:
        self._addresses, self._port, self._deadline = addresses, port, deadline
        self._copy: socket.socket | None = None
        self._timer: threading.Timer | None = None
        self.cut = False

    def dial(self) -> socket.socket:
        """Connect to the first address that answers."""
        failure: OSError = TimeoutError("no time left")
        for index, address in enumerate(self._addresses):
            left = self._deadline - time.monotonic()
            if left <= 0:
                break
            others = len(self._addresses) - index
            try:
                connection = socket.create_connection((address, self._port), left / others)
            except OSError as err:
                failure = err
                continue
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.settimeout(max(0.01, self._deadline - time.monotonic()))
            # A duplicate: the TLS layer takes the first descriptor for itself, a shutdown works through either.
            self._copy = connection.dup()
            self._timer = threading.Timer(max(0.01, self._deadline - time.monotonic()), self._cut)
            self._timer.daemon = True
            self._timer.start()
            return connection
        raise failure

    def _cut(self) -> None:
        copy, self.cut = self._copy, True
        if copy is not None:
            try:
                copy.shutdown(socket.SHUT_RDWR)
            except OSError:
                return

    def hang_up(self) -> None:
        """Stop the timer and give the duplicate back."""
        if self._timer is not None:
            self._timer.cancel()
        if self._copy is not None:
            self._copy.close()


class _PinnedAdapter(HTTPAdapter):
    """Sends one request over the line it is given, with our TLS context."""

    def __init__(self, line: _Line, tls: ssl.SSLContext) -> None:
        super().__init__(max_retries=0, pool_connections=1, pool_maxsize=1)
        self._line, self._tls = line, tls

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        host, tls = super().build_connection_pool_key_attributes(request, True, cert)
        return host, {**tls, "ssl_context": self._tls} if host["scheme"] == "https" else tls

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Leave the connection as it is: the context requires certificates and holds the trusted ones."""

    def get_connection_with_tls_context(self, request: Any, verify: Any, proxies: Any = None, cert: Any = None) -> Any:
        pool: Any = super().get_connection_with_tls_context(request, verify, None, cert)
        line = self._line
        pool.ConnectionCls = type("PinnedConnection", (pool.ConnectionCls,), {"_new_conn": lambda _self: line.dial()})
        return pool


def _getaddrinfo(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _in_time(resolve: Resolve, host: str, port: int, deadline: float) -> list[str]:
    """Resolve in a thread of its own, since a resolver cannot be interrupted; give up at the deadline."""
    found: list[str] = []
    thread = threading.Thread(target=lambda: found.extend(resolve(host, port)), daemon=True)
    thread.start()
    thread.join(max(0.0, deadline - time.monotonic()))
    if thread.is_alive():
        raise ReceiverError("The host name was not resolved in time.")
    return found


def _network(entry: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return None


def _unwrap(address: Address) -> Address:
    """Give the IPv4 address inside an IPv6 one (mapped, 6to4, NAT64), so that no wrapping hides a private address."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _TRANSLATED:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        return inner or address
    return address


def _reason(err: Exception, *, late: bool) -> ReceiverError:
    debug = f"{type(err).__name__}: {err}"[:300]
    if late or isinstance(err, requests.Timeout | TimeoutError):
        return ReceiverError("No answer in time.", debug=debug)
    if isinstance(err, requests.exceptions.SSLError):
        return ReceiverError("Its certificate is not valid for the host.", debug=debug)
    return ReceiverError("No connection.", debug=debug)
