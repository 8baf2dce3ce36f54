"""What ``doctor`` says of authorities: our own (its lists, its signer, lists of weak keys) and the Government's (its chain)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from cryptography import x509

from ...pki.authority.ports import Status
from ...services import Services

DAY = 86400
SOON_DAYS = 90
ROOT_KEY = "root.pem"
"""In the keys folder, where ``ca init`` leaves the root's key when nobody says where to."""
Finding = tuple[str, str, str]
"""``ok``, ``warning`` or ``failed``; what was found; what to do."""
_WORKER = "See that the worker runs, and that keys/ca holds the key."


def look(house: Services) -> Iterator[Finding]:
    """Look at every authority; nothing is said where there is none."""
    authorities, now = house.certification.authorities(), house.clock.now()
    for authority in authorities:
        found = house.revocation_lists.find(authority.name, 0)
        root = authority.kind == "root"
        remedy = "Fetch the root's key: flask --app wsgi ca crl --root-key FILE" if root else _WORKER
        if found is None or found.next_update <= now:
            yield "failed", f"the list of {authority.name} is out of date; its certificates cannot be verified.", remedy
        elif found.next_update - now < (60 * DAY if root else DAY // 4):
            yield "warning", f"the list of {authority.name} is good until {_day(found.next_update)} only.", remedy
        else:
            yield "ok", f"the list of {authority.name} is good until {_day(found.next_update)}.", ""
        if not root:
            end = house.ocsp.signer_ends(authority.name)
            if end is None or end <= now:
                yield "failed", f"nobody signs OCSP answers for {authority.name}.", _WORKER
            elif end - now < 3 * DAY:
                yield "warning", f"who signs OCSP answers for {authority.name} ends on {_day(end)}.", _WORKER
    if (key := house.settings.keys_dir / ROOT_KEY).exists():
        yield "warning", f"the root's key is still on this machine: {key}.", "Move it to a medium, and the medium into a safe."
    if house.certificate_protocols.time_stamps.switched_on:
        yield _stamper(house, now)
    if house.certificate_protocols.est.switched_on:
        yield _enrollment(house)
    if authorities:
        lists = house.certification.listed_files()
        yield (("ok", f"lists of weak keys: {', '.join(lists)}.", "") if lists else (
            "ok", "no lists of Debian's weak keys; the other checks of keys hold.",
            "To have them too: install openssl-blacklist and set IDP_CA_WEAK_KEYS_DIR."))


def _stamper(house: Services, now: int) -> Finding:
    signer, make = house.certificate_protocols.time_stamps.signer(), "Run: flask --app wsgi ca time-stamp-signer"
    if signer is None:
        return "failed", "nobody signs time-stamps.", make
    found = house.certification.find(signer.serial, _issuer(house, signer.certificate))
    if found is None or found.status is not Status.GOOD:
        return "failed", "the certificate of who signs time-stamps was revoked.", make
    if signer.not_after - now < SOON_DAYS * DAY:
        how = "failed" if signer.not_after <= now else "warning"
        return how, f"who signs time-stamps ends on {_day(signer.not_after)}.", _WORKER
    return "ok", f"time-stamps are signed until {_day(signer.not_after)}.", ""


def _enrollment(house: Services) -> Finding:
    if not house.certificate_protocols.est.offered():
        return "failed", "enrolment (EST) is on, and no authority issues.", "Run: flask --app wsgi ca init"
    if not house.settings.mtls_origin:
        return ("warning", "enrolment (EST) is on, and nothing renews: no address asks for certificates.",
                "Set IDP_MTLS_ORIGIN and install deploy/nginx/mutual-tls.conf.")
    return "ok", f"enrolment (EST) and renewals at {house.settings.mtls_origin}.", ""


def _issuer(house: Services, certificate: bytes) -> str:
    named = x509.load_der_x509_certificate(certificate).issuer
    return next((one.name for one in house.certification.authorities()
                 if x509.load_der_x509_certificate(one.certificate).subject == named), "")


def chain(house: Services) -> Iterator[Finding]:
    """Look at the chain of the Government's authority and at its lists; nothing is said where no chain was put there."""
    now = house.clock.moment()
    links = house.published_chain.links()
    for link in links:
        if (link.not_after - now).days < SOON_DAYS:
            yield "warning", f"{link.subject} ends on {link.not_after:%Y-%m-%d}.", "Put its next certificate beside it."
    if links:
        yield "ok", f"{len(links)} certificates, {sum(link.root for link in links)} of them roots.", ""
        lists = house.published_chain.lists_state(now)
        if lists["lists"] and (lists["out_of_date"] or lists["unreadable"]):
            yield ("warning", f"{lists['out_of_date']} of {lists['lists']} lists are out of date, {lists['unreadable']} files are"
                   " no list.", "Look at what fetches them into IDP_GOVERNMENT_CRL_DIR.")
        elif not lists["lists"] and house.settings.sim_certificates == "government":
            yield ("failed", "no lists of what that authority has revoked: no SIM signs whose certificate is its.",
                   "Put them into IDP_GOVERNMENT_CRL_DIR, or set IDP_GOVERNMENT_CRL_FETCH=true.")
        elif not lists["lists"]:
            yield "ok", "no lists of what that authority has revoked.", "To have them: set IDP_GOVERNMENT_CRL_DIR."


def _day(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M UTC")
