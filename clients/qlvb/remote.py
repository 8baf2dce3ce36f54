"""The province's remote signing as this application uses it: pyHanko's CSC client, and the question to the officer's phone.

Spec: CSC API 1.0.4.0 §11.4 (list), §11.5 (info), §11.6 (authorize); pyHanko's ``CSCSigner`` does §11.9 (signHash). The phone
signs while ``credentials/authorize`` waits; where nobody has answered yet the same request is sent again and goes on. The four
digits are those of the hash (its first six and last seven bits), so the page and the phone show the same.
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Callable
from typing import Any

import aiohttp
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.csc_signer import (
    CSCAuthorizationInfo,
    CSCAuthorizationManager,
    CSCCredentialInfo,
    CSCServiceSessionInfo,
    fetch_certs_in_csc_credential,
)

WAITS_SECONDS = 300
"""For one officer to answer on the phone."""
_CALL = aiohttp.ClientTimeout(total=290, connect=10)
_SHORT = aiohttp.ClientTimeout(total=30, connect=10)
_OUTCOMES = {
    "cancelled": "Người ký đã từ chối trên điện thoại.", "postponed": "Người ký chọn để sau trên điện thoại.",
    "timed_out": "Hết thời gian chờ mà điện thoại chưa trả lời.",
    "unreachable": "Điện thoại đang tắt hoặc ngoài vùng phủ sóng.",
    "wrong_pin": "Mã PIN ký số không đúng.", "pin_blocked": "SIM ký số đã bị khóa mã PIN. Liên hệ quản trị cơ quan để mở.",
    "card_blocked": "SIM ký số đã bị khóa. Liên hệ quản trị cơ quan.", "denied": "Người ký báo rằng không yêu cầu chữ ký này.",
    "not_fetched": "Chữ ký đã quá thời gian nhận.",
    "invalid": "Chữ ký nhận được không đúng hoặc chứng thư đã hết hạn. Liên hệ quản trị cơ quan.",
    "revoked": "Chứng thư trên SIM đã bị thu hồi. Liên hệ quản trị cơ quan.",
    "certificate_unfit": "Chứng thư trên SIM đã hết hạn hoặc bị thu hồi. Liên hệ quản trị cơ quan.",
    "constraint": "SIM này không được dùng để ký văn bản này. Liên hệ quản trị cơ quan.",
    "unknown_number": "Nhà mạng không biết số điện thoại này. Liên hệ quản trị cơ quan.",
    "not_registered": "Số điện thoại chưa đăng ký ký số với nhà mạng. Liên hệ quản trị cơ quan.",
    "unsuitable_sim": "SIM trong máy không phải SIM ký số đã đăng ký. Liên hệ quản trị cơ quan.",
    "disabled": "Dịch vụ ký số của số này đang tắt. Liên hệ quản trị cơ quan.",
    "no_key": "SIM chưa có khóa ký. Liên hệ quản trị cơ quan.",
    "no_certificate": "SIM chưa có chứng thư. Liên hệ quản trị cơ quan.",
    "registration_failed": "SIM chưa đăng ký được với nhà mạng. Liên hệ quản trị cơ quan.",
    "sim_blocked": "SIM đã báo mất, đã thay hoặc bị khóa nên không ký được. Liên hệ quản trị cơ quan.",
    "sim_in_doubt": "SIM đang được tỉnh kiểm tra với nhà mạng nên tạm thời không ký được. Hãy thử lại sau.",
    "sim_error": "SIM báo lỗi. Hãy thử lại; nếu vẫn vậy, liên hệ quản trị cơ quan.",
    **dict.fromkeys(("text_refused", "data_refused", "not_authorized", "misunderstood"),
                    "Nhà mạng không nhận yêu cầu ký này. Báo người quản trị phần mềm."),
    "service_down": "Dịch vụ ký số của nhà mạng đang gián đoạn. Hãy thử lại sau ít phút.",
    "standing_unknown": "Chưa kiểm tra được chứng thư với nơi cấp, nên chữ ký chưa được dùng. Hãy thử lại sau ít phút.",
}
_ERRORS = {
    "temporarily_unavailable": "SIM đang có yêu cầu ký khác, hoặc người ký vừa từ chối nhiều lần. Hãy thử lại sau ít phút.",
    "invalid_token": "Phiên đăng nhập đã hết. Hãy đăng nhập lại rồi ký.",
    "insufficient_scope": "Phần mềm chưa được cấp quyền ký số.",
}
UNREACHABLE = "Dịch vụ ký số của tỉnh chưa trả lời. Hãy thử lại sau ít phút."


class NotSignedError(SigningError):
    """There is no signature; the sentence says why, for the officer."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def verification_code(digest: bytes) -> str:
    """Give the four digits of a hash: its first six and last seven bits."""
    return f"{(digest[0] & 0xFC) << 5 | digest[-1] & 0x7F:04}"


class Remote:
    """Remote signing for one officer.

    Args:
        session: Of aiohttp.
        service_url: Before ``/csc/v1/``.
        token: Access token of the scope ``service``.
    """

    def __init__(self, session: aiohttp.ClientSession, service_url: str, token: str) -> None:
        self.session, self._url, self._token = session, service_url.rstrip("/"), token

    async def credentials(self) -> list[str]:
        """Name the officer's credentials.

        Raises:
            NotSignedError: nobody answers, or the token is none.
        """
        said = await _ask(self.session, f"{self._url}/csc/v1/credentials/list", self._headers, {}, _SHORT)
        names = said.get("credentialIDs")
        return [str(name) for name in names] if isinstance(names, list) else []

    async def credential(self, name: str) -> tuple[CSCServiceSessionInfo, CSCCredentialInfo]:
        """Fetch the certificates of a credential. Raises NotSignedError."""
        info = CSCServiceSessionInfo(self._url, name, oauth_token=self._token)
        try:
            return info, await fetch_certs_in_csc_credential(self.session, info)
        except (SigningError, aiohttp.ClientError, TimeoutError, ValueError) as err:
            raise NotSignedError(UNREACHABLE) from err

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"}


class Phone(CSCAuthorizationManager):
    """Asks the officer's phone for one signature.

    Args:
        remote: The service.
        info: Of the credential; with ``credential``.
        description: Number and title of the document, for whoever reads them on the provider's pages.
        shown: What the phone shows: the number.
        told: Hears the four digits before the phone is asked.

    Attributes:
        problem: Why the phone has not signed; None where it has, or was not asked.
    """

    def __init__(self, remote: Remote, info: CSCServiceSessionInfo, credential: CSCCredentialInfo, *, description: str,
                 shown: str, told: Callable[[str], None]) -> None:
        super().__init__(info, credential)
        self._remote, self._description, self._told = remote, description, told
        self.problem: NotSignedError | None = None
        self._client_data = base64.b64encode(json.dumps({"dtbd": shown, "language": "vi"}).encode()).decode()

    async def authorize_signature(self, hash_b64s: list[str]) -> CSCAuthorizationInfo:
        """Ask, and wait until the phone has signed.

        Raises:
            NotSignedError: it has not; kept in ``problem``, because the signer tells its caller of no reason.
        """
        try:
            return await self._authorized(hash_b64s)
        except NotSignedError as problem:
            self.problem = problem
            raise

    async def _authorized(self, hash_b64s: list[str]) -> CSCAuthorizationInfo:
        self._told(verification_code(base64.b64decode(hash_b64s[0])))
        body = self.format_csc_auth_request(hash_b64s=hash_b64s, description=self._description, client_data=self._client_data)
        url, until = self.csc_session_info.endpoint_url("credentials/authorize"), time.monotonic() + WAITS_SECONDS
        while True:
            try:
                said = await _ask(self._remote.session, url, self.auth_headers, body, _CALL)
                return self.parse_csc_auth_response(said)
            except _LaterError as later:
                if time.monotonic() + later.seconds > until:
                    raise NotSignedError(_OUTCOMES["timed_out"]) from later
                await asyncio.sleep(later.seconds)


class _LaterError(NotSignedError):
    """Not yet: the same request again goes on."""

    def __init__(self, seconds: float) -> None:
        super().__init__(UNREACHABLE)
        self.seconds = seconds


async def _ask(session: aiohttp.ClientSession, url: str, headers: dict[str, str], body: dict[str, Any],
               timeout: aiohttp.ClientTimeout) -> dict[str, Any]:
    try:
        async with session.post(url, json=body, headers=headers, timeout=timeout, allow_redirects=False) as answer:
            said = json.loads(await answer.content.read(256 * 1024) or b"{}")
            status, after = answer.status, answer.headers.get("Retry-After", "")
    except (aiohttp.ClientError, TimeoutError, ValueError) as err:
        raise NotSignedError(UNREACHABLE) from err
    if not isinstance(said, dict):
        raise NotSignedError(UNREACHABLE)
    if status == 200:
        return said
    if status == 503:
        raise _LaterError(min(max(float(after), 0.2), 10.0) if after.isascii() and after.isdigit() else 2.0)
    words = _OUTCOMES.get(str(said.get("outcome", ""))) or _ERRORS.get(str(said.get("error", "")))
    raise NotSignedError(
        words or "Dịch vụ ký số không nhận yêu cầu này. Mã lỗi: " + str(said.get("error_description", status))[:200])
