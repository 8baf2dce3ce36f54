"""``flask ca``: the province's own authority, its certificates and those that sign for it.

docs/operations/certificate-authority.md tells how the verbs are used.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from ...audit import Caller
from ...authn.password import normalise_login_name
from ...directory.mirror import MirroredOfficer
from ...errors import RefusedError
from ...pki.authority import ceremony, csr
from ...pki.authority.issuance import ROOT_LIST_SECONDS, Order
from ...pki.authority.portable import PROFILES as PORTABLE
from ...pki.authority.ports import Certificate, Reason
from ...pki.authority.profile import PROFILES
from ...pki.authority.subject import Subject
from ...pki.est.passwords import PROFILES as EST_PROFILES
from ...pki.status.ports import RevocationList
from ...services import Services
from ..verb import Refusal, Verbs
from . import health

_CALLER = Caller(source="cli", request_id="cli")
_OFFERED = sorted(name for name, profile in PROFILES.items() if profile.of != "house")
_json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")


def commands(services: Callable[[], Services]) -> Verbs:
    """Make the command group ``ca``."""
    group = Verbs("ca", help="The province's own certification authority: pilots, devices, TLS.")

    @group.command("request")
    @click.option("--name", default="pilot", show_default=True, help="Of the issuing authority, in addresses.")
    @click.option("--out", required=True, type=click.Path(path_type=Path), help="File that goes to the root's machine.")
    @_json_option
    def ask(name: str, out: Path, as_json: bool) -> None:
        """Make the key of an issuing authority, and the request that deploy/ceremony.py signs where the root is."""
        if os.path.exists(out):  # unlike Path.exists, no where one may not look; what is written then says so
            raise Refusal(f"{out} is there already.", "Choose another file.", as_json=as_json)
        _write_key(out, b"", as_json=as_json)  # a place that cannot be written is known before the key is made
        try:
            content = services().certification.requested(name)
            out.write_bytes(content)
        except BaseException:
            out.unlink(missing_ok=True)
            raise
        digest = hashlib.sha256(content).hexdigest()
        if as_json:
            click.echo(json.dumps({"name": name, "request": str(out), "sha256": digest}))
        else:
            click.echo(f"{out} goes to the root's machine. SHA-256 {_grouped(digest)}")

    @group.command("init")
    @click.option("--root-key", type=click.Path(path_type=Path),
                  help="Where the root's key is written, or read when there is a root: on a medium that goes into a safe."
                       " Without it: root.pem in the keys folder, to be taken away from there.")
    @click.option("--ceremony", "result", type=click.Path(exists=True, dir_okay=False, path_type=Path),
                  help="result.json of deploy/ceremony.py, instead: the root's key is on another machine.")
    @click.option("--name", default="pilot", show_default=True, help="Of the issuing authority, in addresses.")
    @_json_option
    def init(root_key: Path | None, result: Path | None, name: str, as_json: bool) -> None:
        """Make the root, if there is none, and an issuing authority; or take both in from a ceremony."""
        house = services()
        if result is not None and root_key is not None:
            raise click.UsageError("Give --root-key or --ceremony.")
        if result is not None:
            _adopt(house, result, as_json=as_json)
            return
        root_key = root_key or house.settings.keys_dir / health.ROOT_KEY
        known = any(one.kind == "root" for one in house.certification.authorities())
        if not known and os.path.exists(root_key):
            raise Refusal(f"{root_key} is there already.", "Choose another file; a root's key is written once.", as_json=as_json)
        if known:
            key = _read_key(root_key, as_json=as_json)
        else:  # the key is kept before anything is made with it: a root without its key is of no use
            key = ec.generate_private_key(ec.SECP384R1())
            _write_key(root_key, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), as_json=as_json)
        made = house.certification.found(name, _CALLER, root_key=key)
        if as_json:
            click.echo(json.dumps({"root": _pem(made.root.certificate), "issuing": _pem(made.issuing.certificate), "name": name,
                                   "root_key": None if known else str(root_key)}))
            return
        click.echo(f"Issuing authority {name!r} is at work.")
        if not known:
            click.echo(f"The root's key is in {root_key}. Take it off this machine now, and keep it in a safe.")

    @group.command("show")
    @click.argument("serial", required=False)
    @_json_option
    def show(serial: str | None, as_json: bool) -> None:
        """Show the authorities, or one certificate."""
        house = services()
        if serial is not None:
            found = house.certification.find(_number(serial))
            if found is None:
                raise RefusedError("No certificate with this number was issued.", code="unknown_certificate", status=404)
            _tell(house, found, as_json=as_json)
            return
        authorities = [{"name": one.name, "kind": one.kind, "retired": one.retired_at is not None, "crl_number": one.crl_number,
                        "not_after": x509.load_der_x509_certificate(one.certificate).not_valid_after_utc.isoformat(),
                        "certificate": _pem(one.certificate)} for one in house.certification.authorities()]
        if as_json:
            click.echo(json.dumps({"authorities": authorities}))
        for one in [] if as_json else authorities:
            click.echo(f"{one['name']:16} {one['kind']:8} until {one['not_after']}{'  retired' if one['retired'] else ''}")

    @group.command("issue")
    @click.option("--csr", "csr_file", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
                  help="PKCS #10 request, PEM or DER.")
    @click.option("--profile", required=True, type=click.Choice(_OFFERED))
    @click.option("--officer", default="", metavar="UID", help="Whose it is; of a seal or a service, who answers for it.")
    @click.option("--name", default="", help="Of the agency or the service, where it is not an officer's.")
    @click.option("--host", "hosts", multiple=True, help="DNS name of a TLS server or client; several times.")
    @click.option("--mail", default="", help="Mailbox of an agency's seal.")
    @click.option("--days", type=click.IntRange(1, 3660), help="How long; the profile's own where it is left out.")
    @_json_option
    def issue(csr_file: Path, profile: str, officer: str, name: str, hosts: tuple[str, ...], mail: str, days: int | None,
              as_json: bool) -> None:
        """Issue a certificate for the key of a request; names come from the directory and from here, never from the request."""
        house = services()
        request = csr.read(csr_file.read_bytes(), listed=house.certification.listed)
        order = _order(house, request, profile, officer, name=name, hosts=hosts, mail=mail, days=days)
        made = house.certification.issue(order, _CALLER)
        answer = {"certificate": _pem(made.record.der), "serial": made.record.serial,
                  "chain": [one.public_bytes(Encoding.PEM).decode() for one in made.chain]}
        if as_json:
            click.echo(json.dumps(answer))
        else:
            click.echo(answer["certificate"], nl=False)
            click.echo(f"serial {made.record.serial}, until {_time(made.record.not_after)}", err=True)

    @group.command("issue-p12")
    @click.option("--officer", required=True, metavar="UID", help="Whose it is.")
    @click.option("--profile", default=PORTABLE[0], show_default=True, type=click.Choice(PORTABLE))
    @click.option("--out", required=True, type=click.Path(path_type=Path), help="The file, which must not be there yet.")
    @_json_option
    def issue_p12(officer: str, profile: str, out: Path, as_json: bool) -> None:
        """Make a key with a pilot certificate in one file (PKCS #12); its password is shown once, and neither is kept."""
        house = services()
        found = _officer(house, officer)
        assert found is not None  # --officer is required, and nobody of that name was refused
        _write_key(out, b"", as_json=as_json)  # a place that cannot be written is known before anything is made
        try:
            made = house.certificate_protocols.portable.make(found.sub, profile, _CALLER)
            out.write_bytes(made.content)
        except BaseException:
            out.unlink(missing_ok=True)
            raise
        answer = {"file": str(out), "password": made.password, "serial": made.issued.record.serial}
        click.echo(json.dumps(answer) if as_json else f"{out} holds key and certificate {answer['serial']}.")
        if not as_json:
            click.echo(f"Its password, which is shown once and goes another way than the file: {made.password}")

    @group.command("crl")
    @click.option("--root-key", type=click.Path(exists=True, dir_okay=False, path_type=Path),
                  help="Makes the root's list, for a year.")
    @click.option("--root-list", type=click.Path(exists=True, dir_okay=False, path_type=Path),
                  help="Takes the root's list in that deploy/ceremony.py has made.")
    @_json_option
    def crl(root_key: Path | None, root_list: Path | None, as_json: bool) -> None:
        """Make the lists of revoked certificates now; the worker does it by itself, but for the root's."""
        house = services()
        if root_key is not None and root_list is not None:
            raise click.UsageError("Give --root-key or --root-list.")
        key = _read_key(root_key, as_json=as_json) if root_key is not None else None
        made = [_root_list(house, root_list)] if root_list is not None else []
        for one in [] if root_list is not None else house.certification.authorities():
            if key is not None and one.kind == "root":
                if x509.load_der_x509_certificate(one.certificate).public_key() != key.public_key():
                    raise Refusal(f"{root_key} is not the root's key.", "Fetch it from the safe.", as_json=as_json)
                made.append(house.revocation_lists.make(one, 0, key=key, lifetime_seconds=ROOT_LIST_SECONDS))
            if key is None and one.kind == "issuing":
                made += [house.revocation_lists.make(one, shard) for shard in range(house.certification.shards(one.name))]
        listed = [{"authority": each.authority, "shard": each.shard, "number": each.number, "next_update": each.next_update}
                  for each in made]
        if as_json:
            click.echo(json.dumps({"lists": listed}))
        for each in [] if as_json else made:
            click.echo(f"{each.authority}: list {each.number} of part {each.shard}, good until {_time(each.next_update)}")

    @group.command("time-stamp-signer")
    @_json_option
    def time_stamp_signer(as_json: bool) -> None:
        """Make the signer of time-stamps, or a new one in its place; the worker renews it by itself from then on."""
        house = services()
        made = house.certificate_protocols.time_stamps.make_signer(_CALLER)
        answer = {"certificate": _pem(made.certificate), "serial": made.serial, "not_after": made.not_after}
        click.echo(json.dumps(answer) if as_json else f"serial {made.serial} signs time-stamps, until {_time(made.not_after)}")
        if not house.certificate_protocols.time_stamps.switched_on:
            click.echo("Nobody may ask for time-stamps yet: set IDP_TSA_ACCESS.", err=True)

    @group.command("enrollment-password")
    @click.option("--profile", required=True, type=click.Choice(EST_PROFILES))
    @click.option("--officer", default="", metavar="UID", help="Whose it is; of a service or device, who answers for it.")
    @click.option("--name", default="", help="Of the service or device; its first host where it is left out.")
    @click.option("--host", "hosts", multiple=True, help="DNS name of the service or device; several times.")
    @click.option("--hours", default=24, show_default=True, type=click.IntRange(1, 720), help="How long it is good.")
    @_json_option
    def enrollment_password(profile: str, officer: str, name: str, hosts: tuple[str, ...], hours: int, as_json: bool) -> None:
        """Make a one-time password for one certificate over EST; it is shown once."""
        house = services()
        found = _officer(house, officer)
        leave, password = house.certificate_protocols.est.password(
            profile=profile, subject_name=name, hosts=hosts, holder=found.sub if found else "", seconds=hours * 3600,
            caller=_CALLER)
        answer = {"username": leave.name, "password": password, "expires_at": leave.expires_at, "profile": profile}
        click.echo(json.dumps(answer) if as_json else f"user name {leave.name}\npassword  {password}")
        if not house.certificate_protocols.est.switched_on:
            click.echo("Nobody can enrol yet: set IDP_EST.", err=True)

    @group.command("revoke")
    @click.option("--serial", required=True, help="Hexadecimal, as `ca issue` prints it.")
    @click.option("--reason", required=True, type=click.Choice([reason.value for reason in Reason]))
    @_json_option
    def revoke(serial: str, reason: str, as_json: bool) -> None:
        """Revoke a certificate; certificate_hold suspends it."""
        house = services()
        _tell(house, house.certification.revoke(_number(serial), Reason(reason), _CALLER), as_json=as_json)

    @group.command("restore")
    @click.option("--serial", required=True, help="Hexadecimal.")
    @_json_option
    def restore(serial: str, as_json: bool) -> None:
        """Lift a suspension."""
        _say(_shown(services().certification.restore(_number(serial), _CALLER)), as_json=as_json)

    return group


def _adopt(house: Services, path: Path, *, as_json: bool) -> None:
    made = house.certification.adopted(ceremony.read(path.read_bytes()), _CALLER)
    prints = {one.name: hashlib.sha256(one.certificate).hexdigest() for one in (made.root, made.issuing)}
    if as_json:
        click.echo(json.dumps({"root": _pem(made.root.certificate), "issuing": _pem(made.issuing.certificate),
                               "name": made.issuing.name, "root_key": None, "sha256": prints}))
        return
    click.echo(f"Issuing authority {made.issuing.name!r} is at work. Compare with the protocol:")
    for name, digest in prints.items():
        click.echo(f"{name:16} SHA-256 {_grouped(digest)}")


def _root_list(house: Services, path: Path) -> RevocationList:
    roots = [one for one in house.certification.authorities() if one.kind == "root"]
    if not roots:
        raise RefusedError("There is no root yet.", code="unknown_authority", status=404)
    content = path.read_bytes()
    try:
        der = x509.load_pem_x509_crl(content).public_bytes(Encoding.DER) if b"-----BEGIN" in content else content
    except ValueError as err:
        raise RefusedError("This is not a list of revoked certificates.", code="misfit", status=422) from err
    return house.revocation_lists.take(roots[0], der)


def _officer(house: Services, uid: str) -> MirroredOfficer | None:
    found = house.mirror.by_uid(normalise_login_name(uid, mail_domain=house.settings.ldap_mail_domain)) if uid else None
    if uid and (found is None or found.status != "active"):
        raise RefusedError(f"There is no active officer {uid}.", code="unknown_officer", status=404)
    return found


def _order(house: Services, request: csr.Request, profile: str, uid: str, *, name: str, hosts: tuple[str, ...], mail: str,
           days: int | None) -> Order:
    kind = PROFILES[profile].of
    officer = _officer(house, uid)
    if kind in {"officer", "agency"} and officer is None:
        raise RefusedError("This profile needs --officer.", code="incomplete", status=422)
    if kind != "officer" and not (name or hosts):
        raise RefusedError("This profile needs --name or --host.", code="incomplete", status=422)
    organization = house.settings.province_name
    if kind == "officer" and officer is not None:
        subject = Subject.of_officer(officer.officer, organization)
    else:
        subject = Subject(name=name or hosts[0], organization=organization, hosts=hosts, mail=mail)
    return Order(profile=profile, public_key=request.public_key, subject=subject, holder=officer.sub if officer else "",
                 unit_code=officer.officer.main_post.unit_code if officer else "", days=days)


def _shown(found: Certificate) -> dict[str, Any]:
    return {"serial": found.serial, "authority": found.authority, "state": found.state, "status": found.status.value,
            "profile": found.profile, "subject": found.subject, "not_before": found.not_before, "not_after": found.not_after,
            "revoked_at": found.revoked_at, "reason": found.reason or None, "certificate": _pem(found.der) if found.der else None}


def _tell(house: Services, found: Certificate, *, as_json: bool) -> None:
    later = [one.serial for one in house.certification.successors(found)]
    _say({**_shown(found), "successors": later}, as_json=as_json)
    if later and not as_json:
        click.echo(f"Issued later for the same subject, and not revoked: {', '.join(later)}", err=True)


def _say(shown: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(shown, ensure_ascii=False))
    else:
        told = (shown["serial"], shown["status"], shown["profile"], shown["subject"], f"until {_time(shown['not_after'])}")
        click.echo("  ".join(told))


def _number(serial: str) -> str:
    found = serial.strip().replace(":", "").lower().removeprefix("0x").lstrip("0")
    if not found or len(found) > 40 or set(found) - set("0123456789abcdef"):
        raise RefusedError("A serial number is hexadecimal.", code="unknown_certificate", status=404)
    return found


def _read_key(path: Path, *, as_json: bool) -> ec.EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as err:
        raise Refusal(f"{path} is not the root's key.", "Fetch it from the safe.", as_json=as_json) from err
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise Refusal(f"{path} is not the root's key.", "Fetch it from the safe.", as_json=as_json)
    return key


def _write_key(path: Path, content: bytes, *, as_json: bool) -> None:
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as err:
        raise Refusal(f"{path} cannot be written: {err.strerror}.", "Choose another place.", as_json=as_json) from err


def _grouped(digest: str) -> str:
    return " ".join(digest[n:n + 4] for n in range(0, len(digest), 4))


def _pem(der: bytes) -> str:
    return x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM).decode()


def _time(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d")
