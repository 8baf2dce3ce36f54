"""Where a browser goes next: a page of ours, or back to the application with a code or an error.

The one path to a code, and to an approval for a device (architecture §4): every page that was answered comes back here,
``oidc.prompts`` is asked again, and only DONE leads to ``provider.issue_code``; the level, the groups and the officer's status
are those of this moment (security checklist 18, 29). Redirects are 303 (RFC 9700 §4.12).
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from urllib.parse import urlencode

from flask import Response, g, make_response, render_template, url_for
from flask_babel import gettext

from ..authn.assurance import OUT_OF_REACH, PASSWORD, own_level
from ..directory.mirror import MirroredOfficer
from ..directory.officer import Post
from ..oauth.authorization_request import AuthorizationError, AuthorizationRequest
from ..oauth.client import Client
from ..oauth.requests.fresh_sign_in import asks_afresh
from ..oauth.response import AuthorizationResponse
from ..oidc.acting_post import noted
from ..oidc.claims import asked_by_name
from ..oidc.claims_request import acr_asked
from ..oidc.prompts import NotAllowedError, Prompt, next_prompt
from ..oidc.session_management import answer_parameters
from ..services import Services
from ..sessions.interaction import Interaction
from ..sessions.single_sign_on import Session
from .errors import page
from .i18n import speak
from .presentation import agency_help, application_words, entrance, in_words
from .security import allow_onward_redirect, allow_opener, browser_id, browser_state, caller, change_session, current_session

_PAGES = {Prompt.CONSENT: "consent.ask", Prompt.SELECT_ACCOUNT: "consent.ask", Prompt.POST: "acting_post.ask",
          Prompt.SIGN: "signing.watch", Prompt.NOTICE: "personal_data.ask"}


class Onward:
    """Decides and makes the next answer of an authorization.

    Args:
        services: Wired rooms.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    def signed_in(self) -> tuple[Session, MirroredOfficer] | None:
        """Find the browser's live session and its officer; a session of somebody who is no longer active is ended."""
        session = current_session(self._services)
        if session is None:
            return None
        officer = self._services.mirror.by_sub(session.sub)
        if officer is None or officer.status != "active":
            self._services.sessions.end(session.sid, "disabled", caller())
            change_session(None)
            return None
        return session, officer

    def enter(self, path: str, *, fresh: bool = False, enrols: bool = False) -> tuple[Session, MirroredOfficer] | Response:
        """Let an officer into one of our own pages, or lead through a sign-in and back to it.

        Args:
            path: The page to come back to.
            fresh: Whether the page changes what proves who the officer is (``authn.freshness``).
            enrols: Whether the page adds to it; who has nothing yet is let in only where that may be (``FirstFactors.admits``).
        """
        signed_in = self.signed_in()
        own = own_level(signed_in[0].acr, signed_in[0].amr) if signed_in is not None else PASSWORD
        if signed_in is not None and (own if fresh else signed_in[0].acr) >= self.required_level(
                signed_in[1], None, (), spared=self.spares(signed_in[0], afresh=fresh)) and (
                not fresh or self._services.freshness.holds(signed_in[1].officer.entry_uuid, auth_time=signed_in[0].auth_time,
                                                            level=own)):
            if self._services.personal_data.unread(signed_in[0].sub):
                browser_id()
                return see_other(address_of("personal_data.ask", self._services.interactions.begin_page(path, fresh=fresh)))
            if not enrols or self._services.first_factors.admits(signed_in[1].officer.entry_uuid, caller().source,
                                                                 level=own):
                g.entered = signed_in[1]
                return signed_in
            browser_id()
            return see_other(address_of("login.enrol", self._services.interactions.begin_page(path, fresh=True)))
        browser_id()
        return see_other(address_of("login.ask", self._services.interactions.begin_page(path, fresh=fresh)))

    def spares(self, session: Session, *, afresh: bool) -> bool:
        """Tell whether the officer of a session is spared what groups and agencies demand."""
        return self._services.assurance.spares(session.amr, self._services.clock.now(), sub=session.sub, afresh=afresh)

    def required_level(self, officer: MirroredOfficer, client: Client | None, acr_values: tuple[str, ...], *,
                       essential: bool = False, reached: int = PASSWORD, silent: bool = False, spared: bool = False) -> int:
        """Give the level that an officer has to reach on the way to an application (None: our own pages).

        Args:
            officer: Who is on the way.
            client: Where to.
            acr_values: As requested, in order of preference.
            essential: One of them must be reached.
            reached: Level of the session, which counts although the officer has given up the factor since.
            silent: Nothing may be asked, so what the session has goes first: a wish must not turn into an error.
            spared: As ``spares`` says.
        """
        reachable = [self._services.assurance.highest]
        if acr_values:
            within_reach = self._services.second_factors.within_reach(officer.officer.entry_uuid)
            reachable = [*([reached] if silent else []), max(within_reach, reached)]
        levels = (self._services.assurance.required_level(
            officer.officer.groups, client.required_level if client else 0, acr_values, units=officer.officer.units,
            source=caller().source, essential=essential, reachable=level, spared=spared)
            for level in reachable)
        return next((level for level in levels if level != OUT_OF_REACH), OUT_OF_REACH)

    def prompt(self, request: AuthorizationRequest, client: Client, interaction: Interaction | None,
               signed_in: tuple[Session, MirroredOfficer] | None) -> Prompt:
        """Ask the prompts engine. Raises AuthorizationError as it does."""
        session, officer = signed_in or (None, None)
        required = PASSWORD
        if session is not None and officer is not None:
            acr_values, essential = acr_asked(request)
            required = self.required_level(officer, client, acr_values, essential=essential, reached=session.acr,
                                           silent="none" in request.prompt,
                                           spared=self.spares(session, afresh=asks_afresh(request, client)))
        given = client.consent != "ask" or (session is not None and self._services.consents.covers(
            session.sub, client.client_id, request.scope, asked_by_name(request, client)))
        return next_prompt(
            request, client, session, subject=self._services.subjects.of(client, session.sub) if session else "",
            groups=officer.officer.groups if officer else (), required_level=required, consent_given=given,
            notice_unread=session is not None and self._services.personal_data.unread(session.sub),
            post_open=signed_in is not None and self.post(request, client, interaction, signed_in)[1],
            interaction=interaction, now=self._services.clock.now(),
            signed=request.to_be_signed is None or session is None or self._signed(request, session))

    def _signed(self, request: AuthorizationRequest, session: Session) -> bool:
        """Tell whether the phone has signed what a request wants signed, and the application may still have it."""
        rooms = self._services.remote_signing
        return rooms is not None and rooms.signing.stands(request.client_id, session.sub, request.signing)

    def post(self, request: AuthorizationRequest, client: Client, interaction: Interaction | None,
             signed_in: tuple[Session, MirroredOfficer]) -> tuple[Post | None, bool]:
        """Tell in which post the officer acts for a request, and whether that is to be asked (``ActingPosts.settle``)."""
        session, officer = signed_in
        return self._services.acting_posts.settle(request, client, session, officer.officer, interaction)

    def take_language(self, request: AuthorizationRequest, interaction_id: str = "") -> None:
        """Speak as the application asked, and keep its popup tied to it."""
        speak(request.ui_locales, interaction_id)
        if request.display == "popup":
            allow_opener()

    def proceed(self, interaction: Interaction) -> Response:
        """Answer a stored request: the next page, the code, or why there is none."""
        request = AuthorizationRequest.from_json(interaction.request)
        self.take_language(request, interaction.id)
        allow_onward_redirect()
        client = self._services.clients.find(interaction.client_id)
        if client is None or not (request.deferred or client.check_redirect_uri(request.redirect_uri)):
            return self.unknown_application("unknown_client")
        signed_in = self.signed_in()
        try:
            prompt = self.prompt(request, client, interaction, signed_in)
            if request.deferred and prompt in {Prompt.CONSENT, Prompt.DONE}:
                return see_other(address_of("device.confirm", interaction))
            if prompt is Prompt.DONE and signed_in is not None:
                answer = self.code(request, client, interaction, signed_in)
                self._services.interactions.finish(interaction)
                return self.send(answer)
        except NotAllowedError as refusal:
            return self.not_allowed(refusal, request, client, signed_in)
        except AuthorizationError as refusal:
            if request.deferred:
                return self.refused_here(refusal, client)
            self._services.interactions.finish(interaction)
            return self.send(self.error(refusal, request))
        return self.page_of(prompt, interaction)

    def refused(self, refusal: AuthorizationError, interaction: Interaction) -> Response:
        """Answer a request that is waited for elsewhere, and that was refused just now: ask what can be asked, or say why."""
        client = self._services.clients.find(interaction.client_id)
        if refusal.code in {"login_required", "access_denied", "unmet_authentication_requirements"} or client is None:
            return self.proceed(interaction)
        return self.refused_here(refusal, client)

    def refused_here(self, refusal: AuthorizationError, client: Client) -> Response:
        """Say on our own page why nothing can be approved; the application learns it by waiting in vain."""
        name = in_words(client).client_name or client.client_id
        if refusal.code == "unmet_authentication_requirements":
            what = gettext("Ứng dụng cần một mức xác thực mà hệ thống chưa cung cấp. Bạn không làm sai điều gì.")
        elif refusal.code == "login_required":
            what = gettext("Yêu cầu này dành cho một cán bộ khác với người đang đăng nhập.")
        else:
            what = gettext("Ứng dụng không còn được phép yêu cầu điều này. Bạn không làm sai điều gì.")
        return page(403, gettext("Chưa chấp thuận được cho %(name)s", name=name), what, self._services.clock,
                    app=application_words(client), detail=refusal.code)

    def code(self, request: AuthorizationRequest, client: Client, interaction: Interaction | None,
             signed_in: tuple[Session, MirroredOfficer]) -> AuthorizationResponse:
        """Issue a code. Raises UnsafeRequestError and AuthorizationError as the provider does."""
        post, _ = self.post(request, client, interaction, signed_in)
        return self._services.provider.issue_code(replace(request, post=noted(post)), session=signed_in[0], caller=caller(),
                                                  also=self._session_state(request))

    def error(self, refusal: AuthorizationError, request: AuthorizationRequest) -> AuthorizationResponse:
        """Make the answer that tells the application of a request why there is no code."""
        return self._services.provider.error_response(refusal, also=self._session_state(request))

    def _session_state(self, request: AuthorizationRequest) -> tuple[tuple[str, str], ...]:
        return answer_parameters(request, browser_state(self._services))

    def page_of(self, prompt: Prompt, interaction: Interaction) -> Response:
        """Lead to the page that asks a question."""
        return see_other(address_of(_PAGES.get(prompt, "login.ask"), interaction))

    def send(self, answer: AuthorizationResponse) -> Response:
        """Send an answer to the application: by 303, or by a form that the browser posts (Form Post Response Mode)."""
        if answer.response_mode != "form_post":
            return see_other(answer.location())
        allow_onward_redirect()
        return make_response(render_template("authorize/form_post.html", redirect_uri=answer.redirect_uri,
                                             parameters=answer.parameters, app=None))

    def not_allowed(self, refusal: AuthorizationError, request: AuthorizationRequest, client: Client,
                    signed_in: tuple[Session, MirroredOfficer] | None) -> Response:
        """Say that the officer may not use this application and who can change that; prompt=none tells the application only."""
        name = in_words(client).client_name or client.client_id
        contact = agency_help(self._services, signed_in[1].officer) if signed_in else None
        if contact is None:
            what = gettext("Tài khoản của bạn chưa được cấp quyền dùng ứng dụng này. Vui lòng liên hệ quản trị đơn vị của bạn "
                           "hoặc gọi tổng đài hỗ trợ %(phone)s.", phone=self._services.settings.help_phone)
        else:
            what = gettext("Tài khoản của bạn chưa được cấp quyền dùng ứng dụng này. Vui lòng liên hệ quản trị đơn vị "
                           "%(name)s, số %(phone)s.", name=contact["name"], phone=contact["phone"])
        ways = [{"label": gettext("Đến trang Ứng dụng của tôi"), "url": "/"}]
        if not request.deferred:
            answer = self.error(refusal, request)
            if "none" in request.prompt:
                return self.send(answer)
            back = answer.location() if answer.response_mode != "form_post" else entrance(client, self._services.settings.issuer)
            ways.append({"label": gettext("Trở lại %(name)s", name=name), "url": back})
        return page(403, gettext("Bạn chưa được dùng %(name)s", name=name), what, self._services.clock,
                    app=application_words(client), detail=refusal.code, ways=ways)

    def unknown_application(self, code: str, client: Client | None = None) -> Response:
        """Say that nobody is known to whom an answer could be sent; never a redirect (security checklist 4)."""
        if code in {"redirect_uri_mismatch", "redirect_uri_missing"}:
            what = gettext("Đường dẫn quay về ứng dụng không khớp với đường dẫn đã đăng ký, nên hệ thống dừng lại để bảo vệ tài "
                           "khoản của bạn. Bạn không làm sai điều gì.")
        elif code == "unknown_client":
            what = gettext("Ứng dụng này chưa được đăng ký hoặc đã ngừng hoạt động. Bạn không làm sai điều gì.")
        elif code == "invalid_request_uri":
            what = gettext("Yêu cầu đăng nhập này đã hết hạn hoặc đã được dùng. Vui lòng trở lại ứng dụng và đăng nhập lại từ "
                           "đầu. Bạn không làm sai điều gì.")
        else:
            what = gettext("Yêu cầu đăng nhập mà ứng dụng gửi đến không đúng quy cách. Bạn không làm sai điều gì.")
        return page(400, gettext("Chưa mở được ứng dụng"), what, self._services.clock, app=application_words(client), detail=code)

    def lead_on(self, client_id: str) -> Response:
        """Lead from a page that is over (expired, bookmarked, gone back to) to the application, or to the portal."""
        client = self._services.clients.find(client_id) if client_id else None
        return see_other(entrance(client, self._services.settings.issuer))

    def over(self, client_id: str) -> Response:
        """Say that the page whose form was sent is over, with the way on (410)."""
        client = self._services.clients.find(client_id) if client_id else None
        return make_response(render_template(
            "errors/expired.html", app=application_words(client),
            continue_url=entrance(client, self._services.settings.issuer)), 410)


def see_other(location: str) -> Response:
    """Redirect with 303, so that no browser repeats a form with a password elsewhere."""
    answer = make_response("", 303)
    answer.headers["Location"] = location
    return answer


def mark_of(interaction: Interaction, session: Session) -> str:
    """Tie an answer to the session whose officer saw the question."""
    return hashlib.sha256(f"{interaction.id} {session.sid}".encode()).hexdigest()[:16]


def address_of(endpoint: str, interaction: Interaction, **more: str) -> str:
    """Give a page's address; ``app`` tells where to lead on when the interaction is long gone."""
    query = {"app": interaction.client_id, **more} if interaction.client_id else more
    path = url_for(endpoint, interaction_id=interaction.id)
    return f"{path}?{urlencode(query)}" if query else path
