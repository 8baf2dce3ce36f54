"""The client against answers that services give, and against those that they must not."""

from __future__ import annotations

import hashlib
import threading
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from idp.adapters.mssp import EXTENSION, Account, MobileSignatureClient
from idp.adapters.mssp.carriers import ShortMessages
from idp.adapters.mssp.envelope import MSS, SOAP, EnvelopeError, Envelopes, Fault
from idp.errors import UnavailableError
from idp.signing.mobile_signature import SignatureRequest
from idp.signing.outcome import Outcome
from idp.signing.sims.sim import SimError
from tests.fakes.clock import FakeClock

PASSWORD = "mật<khẩu>&\"1"
ACCOUNT = Account("https://mssp.example/soap/services/", "https://sso.example/", PASSWORD, "https://mssp.example/",
                  "http://alauda.mobi/nonRepudiation")
DIGEST = hashlib.sha256(b"van ban").digest()
ASKED = SignatureRequest("tx-1", "84912345678", DIGEST, "sha256", "QLVB 12/CV 0129", 120)
NAMES = {"mss": MSS}
SIGNATURE = b"\x01" * 256


class Service:
    """Says what a test wants said."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, etree._Element]] = []
        self.status = 200
        self.say: Callable[[etree._Element], str | bytes] = lambda message: ""

    def post(self, url: str, octets: bytes) -> Any:
        root = etree.fromstring(octets)
        [wrapper] = root.find(f"{{{SOAP}}}Body")
        [message] = wrapper
        self.asked.append((url.rpartition("/")[2], message))
        said = self.say(message)
        return SimpleNamespace(status=self.status, body=said if isinstance(said, bytes) else said.encode())


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def client(service: Service) -> MobileSignatureClient:
    return MobileSignatureClient(ACCOUNT, service.post, FakeClock())


def soap(content: str) -> str:
    return f'<e:Envelope xmlns:e="{SOAP}"><e:Body>{content}</e:Body></e:Envelope>'


def head(message: etree._Element | None, *, transaction: str = "", ap_id: str = ACCOUNT.ap_id) -> str:
    name = transaction or (message.find("mss:AP_Info", NAMES).get("AP_TransID") if message is not None else "tx-1")
    return (f'<m:AP_Info AP_ID="{ap_id}" AP_TransID="{name}" AP_PWD="" Instant="2026-01-01T00:00:00Z"/>'
            "<m:MSSP_Info><m:MSSP_ID><m:URI>https://mssp.example/</m:URI></m:MSSP_ID></m:MSSP_Info>")


def answer(kind: str, message: etree._Element | None, code: int = 100, *, signature: str = "", named: str = 'MSSP_TransID="s-9"',
           number: str = "+84912345678", begin: str = "", user: bool = True, more: str = "") -> str:
    who = f"<m:MobileUser><m:MSISDN>{number}</m:MSISDN></m:MobileUser>" if user else ""
    said = f'<m:Status><m:StatusCode Value="{code}"/><m:StatusMessage>OK {code}</m:StatusMessage></m:Status>'
    return soap(f'<r{kind}><m:MSS_{kind}Resp xmlns:m="{MSS}" MajorVersion="1" MinorVersion="1" {named}>{begin or head(message)}'
                f"{who}{signature}{said}{more}</m:MSS_{kind}Resp></r{kind}>")


def raw(octets: bytes = SIGNATURE) -> str:
    return f"<m:MSS_Signature><m:Base64Signature>{b64encode(octets).decode()}</m:Base64Signature></m:MSS_Signature>"


def fault(code: int, finer: int | None = None, reason: str = "no") -> str:
    below = f"<e:Subcode><e:Value>mss:_{finer}</e:Value></e:Subcode>" if finer is not None else ""
    return soap("<e:Fault><e:Code><e:Value>e:Receiver</e:Value>"
                f"<e:Subcode><e:Value>mss:_{code}</e:Value>{below}</e:Subcode></e:Code>"
                f'<e:Reason><e:Text xml:lang="en">{reason}</e:Text></e:Reason></e:Fault>')


def test_a_signature_is_asked_for_as_the_standard_has_it(service: Service, client: MobileSignatureClient) -> None:
    service.say = lambda message: answer("Signature", message)
    taken = client.sign(ASKED)
    assert (taken.outcome, taken.code, taken.service_transaction, taken.signature) == (Outcome.ACCEPTED, 100, "s-9", None)
    [(port, message)] = service.asked
    assert (port, message.tag) == ("MSS_SignaturePort", f"{{{MSS}}}MSS_SignatureReq")
    assert dict(message.attrib) == {
        "MajorVersion": "1", "MinorVersion": "1", "MessagingMode": "asynchClientServer", "TimeOut": "120"}
    assert dict(message.find("mss:AP_Info", NAMES).attrib) == {
        "AP_ID": ACCOUNT.ap_id, "AP_TransID": "tx-1", "AP_PWD": PASSWORD, "Instant": "2023-11-14T22:13:20.000+00:00"}
    data, shown = message.find("mss:DataToBeSigned", NAMES), message.find("mss:DataToBeDisplayed", NAMES)
    assert data.text == b64encode(DIGEST).decode()
    assert dict(data.attrib) == {"MimeType": "application/x-sha256", "Encoding": "base64"}
    assert (shown.text, dict(shown.attrib)) == ("QLVB 12/CV 0129", {"MimeType": "text/plain", "Encoding": "UTF-8"})
    assert message.findtext("mss:MobileUser/mss:MSISDN", namespaces=NAMES) == "+84912345678"
    assert [uri.text for uri in message.iter(f"{{{MSS}}}mssURI")] == [ACCOUNT.profile, ACCOUNT.format]


def test_signing_in_is_asked_for_with_its_own_profile_or_not_at_all(service: Service) -> None:
    """Security checklist 58: the key that signs documents never stands in for the one that signs in."""
    login = replace(ASKED, use="authentication")
    service.say = lambda message: answer("Signature" if "Signature" in message.tag else "Registration", message)
    for ask in (lambda one: one.sign(login), lambda one: one.register("tx-1", "84912345678", "8984990000000000033",
                                                                        use="authentication")):
        with pytest.raises(ValueError, match="no profile"):
            ask(MobileSignatureClient(ACCOUNT, service.post, FakeClock()))
    assert service.asked == []
    ours = MobileSignatureClient(replace(ACCOUNT, authentication_profile="urn:login"), service.post, FakeClock())
    ours.sign(login)
    ours.sign(ASKED)
    assert [message.findtext("mss:SignatureProfile/mss:mssURI", namespaces=NAMES) for _, message in service.asked] == [
        "urn:login", ACCOUNT.profile]
    with pytest.raises(ValueError, match="another than profile"):
        replace(ACCOUNT, authentication_profile=ACCOUNT.profile)


def test_security_58_the_hash_has_the_length_of_its_algorithm(client: MobileSignatureClient) -> None:
    with pytest.raises(ValueError, match="sha512"):
        client.sign(SignatureRequest("tx-1", "84912345678", DIGEST, "sha512", "a", 120))


@pytest.mark.parametrize(("code", "outcome"), [(500, Outcome.SIGNED), (502, Outcome.VALID)])
@pytest.mark.parametrize("signature", [
    raw(), f'<m:MSS_Signature><f:PKCS1 xmlns:f="urn:f">{b64encode(SIGNATURE).decode()}</f:PKCS1></m:MSS_Signature>'])
def test_the_signature_comes_with_the_status(service: Service, client: MobileSignatureClient, code: int, outcome: Outcome,
                                             signature: str) -> None:
    service.say = lambda message: answer("Status", message, 504)
    assert client.status("q-1", "s-9", "84912345678").outcome is Outcome.PENDING
    service.say = lambda message: answer("Status", message, code, signature=signature)
    signed = client.status("q-2", "s-9", "84912345678")
    assert (signed.outcome, signed.signature, signed.service_transaction) == (outcome, SIGNATURE, "s-9")
    assert service.asked[-1][0] == "MSS_StatusQueryPort"
    assert service.asked[-1][1].get("MSSP_TransID") == "s-9"


@pytest.mark.parametrize("form", ["bare", "without namespaces", "in another wrapper's namespace"])
def test_services_write_envelopes_in_their_own_ways(service: Service, client: MobileSignatureClient, form: str) -> None:
    def say(message: etree._Element) -> str:
        said = answer("Status", message, 504)
        if form == "bare":
            return said.replace("<rStatus>", "").replace("</rStatus>", "")
        if form == "without namespaces":
            return said.replace("<m:", "<").replace("</m:", "</")
        return said.replace("<rStatus>", '<w:MSS_StatusQueryResponse xmlns:w="urn:wsdl">').replace(
            "</rStatus>", "</w:MSS_StatusQueryResponse>")

    service.say = say
    assert client.status("q-1", "s-9", "84912345678").outcome is Outcome.PENDING


SWAPPED: dict[str, Callable[[etree._Element], str]] = {
    "another question": lambda message: answer("Status", message, 500, signature=raw(), begin=head(message, transaction="q-7")),
    "another account": lambda message: answer("Status", message, 500, signature=raw(), begin=head(message, ap_id="https://b/")),
    "another transaction": lambda message: answer("Status", message, 500, signature=raw(), named='MSSP_TransID="s-8"'),
    "another number": lambda message: answer("Status", message, 500, signature=raw(), number="+84912345679"),
    "signed, and no signature": lambda message: answer("Status", message, 502),
    "an empty signature": lambda message: answer("Status", message, 502, signature=raw(b"")),
    "a huge signature": lambda message: answer("Status", message, 502, signature=raw(bytes(5000))),
    "not Base64": lambda message: answer("Status", message, 502, signature=raw().replace("AQEB", "A€EB")),
    "another message": lambda message: answer("Profile", message, user=False, named=""),
    "no status": lambda message: answer("Status", message, 500).replace("m:Status>", "m:Stat>"),
    "two messages": lambda message: answer("Status", message, 504).replace("</rStatus>", "</rStatus><a/>"),
    "a number beyond the schema": lambda message: answer("Status", message, 504, number="1" * 17),
    "a document type": lambda message: f'<!DOCTYPE e [<!ENTITY a "b">]>{answer("Status", message, 504)}',
    "SOAP 1.1": lambda message: answer("Status", message, 504).replace(SOAP, "http://schemas.xmlsoap.org/soap/envelope/"),
    "a page": lambda message: "<html><body>Đăng nhập</body></html>",
    "nothing": lambda message: "",
    "a fault without a code": lambda message: soap("<e:Fault><e:Code><e:Value>e:Receiver</e:Value></e:Code></e:Fault>"),
}


@pytest.mark.parametrize("how", sorted(SWAPPED))
def test_security_58_an_answer_that_is_not_to_what_was_asked_is_no_answer(
        service: Service, client: MobileSignatureClient, how: str) -> None:
    service.say = SWAPPED[how]
    with pytest.raises(UnavailableError) as down:
        client.status("q-1", "s-9", "84912345678")
    assert down.value.dependency == "mobile_signature"


def test_a_new_transaction_has_a_name(service: Service, client: MobileSignatureClient) -> None:
    service.say = lambda message: answer("Signature", message, named='MSSP_TransID=""')
    with pytest.raises(UnavailableError):
        client.sign(ASKED)


@pytest.mark.parametrize("status", [200, 500])
def test_faults_are_read_whatever_the_status_of_http(service: Service, client: MobileSignatureClient, status: int) -> None:
    service.status, service.say = status, lambda message: fault(401, 4012, "wrong  PoP")
    said = client.status("q-1", "s-9", "84912345678")
    assert (said.outcome, said.code, said.finer, said.message) == (Outcome.WRONG_PIN, 401, 4012, "wrong PoP")
    service.say = lambda message: fault(208)
    assert client.sign(ASKED).outcome is Outcome.TIMED_OUT


@pytest.mark.parametrize("status", [302, 401, 403, 404, 502, 503])
def test_other_answers_of_http_are_no_answer(service: Service, client: MobileSignatureClient, status: int) -> None:
    service.status, service.say = status, lambda message: answer("Status", message, 500, signature=raw())
    with pytest.raises(UnavailableError):
        client.status("q-1", "s-9", "84912345678")


def test_the_password_is_in_no_evidence(service: Service, client: MobileSignatureClient) -> None:
    service.say = lambda message: answer("Signature", message).replace(
        'AP_PWD=""', 'AP_PWD="mật&lt;khẩu&gt;&amp;&quot;1"')
    exchange = client.sign(ASKED).exchange
    for octets in (exchange.sent, exchange.received):
        assert b"tx-1" in octets
        assert b'AP_PWD="********"' in octets
    assert PASSWORD not in repr(ACCOUNT)
    service.say = lambda message: fault(104, reason="bad mật&lt;khẩu&gt;&amp;&#34;1")
    refused = client.sign(ASKED)
    assert refused.message == "bad ********"
    assert PASSWORD not in etree.fromstring(refused.exchange.received).xpath("string()")
    service.say = lambda message: answer("Signature", message).replace(
        'AP_PWD=""', 'AP_PWD="&#109;ật&lt;khẩu&gt;&amp;&quot;1"').encode("utf-16")
    taken = client.sign(ASKED)
    about = etree.fromstring(taken.exchange.received).find(".//{*}AP_Info")
    assert (taken.outcome, about.get("AP_PWD")) == (Outcome.ACCEPTED, "********")
    service.say = lambda message: fault(104, reason="bad mật&lt;khẩu&gt;&amp;&#34;1").replace("mss:_104", "mss:_x")
    with pytest.raises(UnavailableError) as down:
        client.sign(ASKED)
    assert "khẩu" not in down.value.debug


def test_a_password_that_cannot_be_told_from_other_words_is_refused() -> None:
    with pytest.raises(ValueError, match="8 characters"):
        replace(ACCOUNT, password="1234567")


@pytest.mark.parametrize("named", ['MSSP_TransID="' + "s" * 65 + '"'])
def test_bounds_that_the_standard_leaves_open(service: Service, client: MobileSignatureClient, named: str) -> None:
    service.say = lambda message: answer("Signature", message, named=named)
    with pytest.raises(UnavailableError):
        client.sign(ASKED)
    service.say = lambda message: answer("Signature", message, 99_999_999_999_999_999_999)
    with pytest.raises(UnavailableError):
        client.sign(ASKED)


def test_what_a_service_knows_of_a_number(service: Service, client: MobileSignatureClient) -> None:
    detail = (f'<x:ProfileQueryExtension xmlns:x="{EXTENSION}"><x:MobileUserCertificate State="active"><x:X509Certificate>'
              f"{b64encode(b'der').decode()}</x:X509Certificate></x:MobileUserCertificate><x:SimCard><x:ICCID>8984012345678901234"
              '</x:ICCID></x:SimCard><x:PinStatus blocked="true"/></x:ProfileQueryExtension>')
    service.say = lambda message: answer(
        "Profile", message, user=False, named="", begin=head(message) + "<m:SignatureProfile><m:mssURI>urn:p</m:mssURI>"
        "</m:SignatureProfile>").replace("</m:StatusMessage>", f"</m:StatusMessage><m:StatusDetail>{detail}</m:StatusDetail>")
    state = client.profile("p-1", "84912345678")
    assert (state.answer.outcome, state.profiles, state.iccid, state.pin_blocked, state.certificates) == (
        Outcome.ACCEPTED, ("urn:p",), "8984012345678901234", True, (b"der",))
    service.say = lambda message: answer("Profile", message, user=False, named="")
    assert client.profile("p-2", "84912345678").pin_blocked is None
    service.say = lambda message: fault(105, 1053)
    assert client.profile("p-3", "84912345678").answer.outcome is Outcome.NOT_REGISTERED


def test_a_number_is_registered_with_its_card(service: Service, client: MobileSignatureClient) -> None:
    key = f"<m:PublicKey>{b64encode(b'spki').decode()}</m:PublicKey>"
    service.say = lambda message: answer("Registration", message, user=False, named="", more=key)
    assert client.register("r-1", "84912345678", "8984012345678901234").public_key == b"spki"
    [(port, message)] = service.asked
    assert port == "MSS_RegistrationPort"
    assert message.findtext(f"{{{EXTENSION}}}SimCard/{{{EXTENSION}}}ICCID") == "8984012345678901234"
    assert message.find("mss:X509Certificate", NAMES) is None
    service.say = lambda message: fault(407, 4073)
    refused = client.register("r-2", "84912345678", "8984012345678901234", b"der")
    assert (refused.answer.outcome, refused.public_key) == (Outcome.REGISTRATION_FAILED, None)
    assert service.asked[-1][1].findtext("mss:X509Certificate", namespaces=NAMES) == b64encode(b"der").decode()


def test_receipt_and_handshake(service: Service, client: MobileSignatureClient) -> None:
    service.say = lambda message: answer("Receipt", message, user=False, named="")
    assert client.receipt("c-1", "s-9", "84912345678", "Da ky").outcome is Outcome.ACCEPTED
    assert service.asked[-1][0] == "MSS_ReceiptPort"
    service.say = lambda message: soap(
        f'<h><m:MSS_HandshakeResp xmlns:m="{MSS}" MajorVersion="1" MinorVersion="1" MSSP_TransID="s-1">{head(message)}'
        '<m:SecureMethods MSS_Signature="true"/></m:MSS_HandshakeResp></h>')
    assert client.handshake("h-1").outcome is Outcome.ACCEPTED
    assert service.asked[-1][0] == "MSS_HandshakePort"


def test_a_name_that_is_no_ncname_is_our_mistake_and_is_not_sent(service: Service, client: MobileSignatureClient) -> None:
    for name in ("1-a", "", "a b", "a\0b"):
        with pytest.raises(ValueError, match=r"MSS_StatusReq|compatible"):
            client.status(name, "s-9", "84912345678")
    assert service.asked == []


GOOD = answer("Status", None, 504).encode()
ENVELOPES = Envelopes()


@settings(max_examples=300)
@given(st.one_of(
    st.binary(max_size=200), st.text(max_size=100).map(lambda text: soap(f"<a>{text}</a>").encode()),
    st.tuples(st.integers(0, len(GOOD)), st.integers(0, 60), st.binary(max_size=8)).map(
        lambda how: GOOD[:how[0]] + how[2] + GOOD[how[0] + how[1]:])))
def test_security_60_whatever_comes_is_read_or_is_no_answer(content: bytes) -> None:
    try:
        read = ENVELOPES.read(content, "MSS_StatusResp")
    except EnvelopeError:
        return
    assert isinstance(read, Fault) or read.tag == f"{{{MSS}}}MSS_StatusResp"


def test_security_60_a_name_with_an_accent_is_no_answer() -> None:
    for odd in (GOOD.replace(b"Value=", "é=".encode()), GOOD.replace(b"AP_ID=", "AP_é=".encode())):
        with pytest.raises(EnvelopeError, match="schema"):
            ENVELOPES.read(odd, "MSS_StatusResp")


def test_security_60_entities_and_files_stay_closed(tmp_path: Path) -> None:
    (secret := tmp_path / "secret").write_text("bí mật")
    bomb = '<!DOCTYPE e [<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefgh", "bcdefghi", strict=True)) + "]>"
    for kind, entity in ((bomb, "&i;"), (f'<!DOCTYPE e [<!ENTITY x SYSTEM "{secret.as_uri()}">]>', "&x;"),
                         ('<!DOCTYPE e SYSTEM "http://127.0.0.1:9/e.dtd">', "")):
        with pytest.raises(EnvelopeError):
            ENVELOPES.read(f"{kind}{GOOD.decode().replace('OK 504', entity)}".encode(), "MSS_StatusResp")
    with pytest.raises(EnvelopeError):
        ENVELOPES.read(soap("<a>" * 200 + "</a>" * 200).encode(), "MSS_StatusResp")


def test_one_client_serves_many_threads(service: Service, client: MobileSignatureClient) -> None:
    service.say = lambda message: answer("Status", message, 504)
    failed: list[BaseException] = []

    def ask(number: int) -> None:
        try:
            for turn in range(20):
                assert client.status(f"q-{number}-{turn}", "s-9", "84912345678").outcome is Outcome.PENDING
        except BaseException as err:
            failed.append(err)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


class Gateway:
    """A carrier's gateway of short messages that gives one answer."""

    def __init__(self, status: int) -> None:
        self.status = status

    def post_octets(self, _url: str, _octets: bytes, *, content_type: str) -> Any:
        assert content_type == "application/json"
        return SimpleNamespace(status=self.status, body=b"")


@pytest.mark.parametrize(("status", "said"), [
    (202, ""), (404, "number_unknown"), (400, "short_messages"), (500, "short_messages")])
def test_a_gateway_that_knows_no_such_number_is_not_one_that_is_down(status: int, said: str) -> None:
    messages = ShortMessages({"mang": ("https://sms.example/send", cast("Any", Gateway(status)))})
    try:
        messages.send("mang", "84912345678", "Ma")
        outcome = ""
    except SimError as err:
        outcome = err.code
    except UnavailableError as err:
        outcome = err.dependency
    assert outcome == said
