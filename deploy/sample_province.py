"""The whole product on one machine, on loopback, with the sample directory: for developers, demonstrations and tests.

``SampleProvince(plan).start()`` makes keys, database and directory where they are missing, starts the provider, the worker and
the sample applications, and returns when all of them answer. The settings it writes to ``idp.toml`` are those that
``flask --app wsgi ...`` in the checkout reads, whether it runs or not.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from . import sample_deputies, sample_sims
from .asking import answer, leads_to_the_provider
from .directory.people import demo_accounts, hard_cases
from .directory.server import DirectoryServerError, SampleDirectory
from .keys_and_database import accept_chain, prepare
from .mail_catcher import MailCatcher, caught_in
from .plan import APPLICATIONS, PORT, ROOT, Plan
from .ports import require_free
from .processes import Child, Children, StartError
from .sample_campaigns import CAMPAIGNS
from .sample_signers import SIGNERS

START_SECONDS = 60

NOTICE = ROOT / "deploy" / "personal-data-notice.toml"
"""What the sample province tells officers about their data."""
TOTP_SEEDS = {
    "lanhdao": "NRSWCZDFOJ2G65DQNRSWCZDFOJ2G65DQ",
    "quantri.coquan": "ONSWG4TFORZWKZLEONSWG4TFORZWKZLE",
    "quantri": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
    "pheduyet": "KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU",
    "kiemtoan": "MFRGGZDFMZTWQ2LKMFRGGZDFMZTWQ2LK",
    "dangky": "MRQW4Z3LPFQW2YLVMRQW4Z3LPFQW2YLV",
    "thietbi": "ORUGSZLUMJUW2YLVORUGSZLUMJUW2YLV",
    "hotro": "NBXXI4TPNVQXKZTBNBXXI4TPNVQXKZTB",
    "uyquyen": "OV4XC5LZMVXG2YLVOV4XC5LZMVXG2YLV",
}

ROLES = {
    "canbo": "an officer", "vanthu": "records clerk", "lanhdao": "a leader who signs; two factors",
    "quantri.coquan": "administrator of one agency; two factors", "quantri": "administrator of the province; two factors",
    "pheduyet": "second administrator of the province; two factors", "kiemtoan": "auditor, reads only; two factors",
    "nghiviec": "disabled", "doimatkhau": "must change the password",
    "dangky": "registration officer of one agency; two factors",
    "thietbi": "keeps records and devices of one agency; two factors", "hotro": "help desk of one agency; two factors",
    "uyquyen": f"acting deputy of {sample_deputies.GIVER}, for {sample_deputies.DAYS} days; two factors",
}


class SampleProvince:
    """One run of everything.

    Args:
        plan: Where and on what ports.
        say: Takes one line of progress.
        interrupted: Asked while waiting; true ends the start with KeyboardInterrupt.
    """

    def __init__(self, plan: Plan, say: Callable[[str], None] = lambda line: None,
                 interrupted: Callable[[], bool] = lambda: False) -> None:
        self.plan = plan
        self._say = say
        self._interrupted = interrupted
        self._directory: SampleDirectory | None = None
        self._children: Children | None = None
        self._mail: MailCatcher | None = None
        self._seeds: Child | None = None
        self._signers: Child | None = None
        self._lock: Any = None
        self._made_anew = False

    def start(self) -> SampleProvince:
        """Start everything and wait until it answers.

        Raises:
            StartError: with one sentence what is wrong and one what to do; what was started is stopped again.
        """
        try:
            self._start()
        except DirectoryServerError as err:
            self.stop()
            raise StartError(f"The sample directory does not start: {err}.",
                             "Read the sentence above; LDAP_PORT chooses another port.") from err
        except BaseException:
            self.stop()
            raise
        return self

    def _start(self) -> None:
        plan = self.plan
        plan.folder.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        own_directory = "ldap_uri" not in plan.settings
        own = [plan.port, *plan.ports.values(), *plan.mssp_ports]
        own += [plan.ldap_port, plan.ldap_port + 1] if own_directory else []
        if twice := {port for port in own if own.count(port) > 1}:
            raise StartError(f"Two programs would have the port {min(twice)}.",
                             "PORT takes three ports, LDAP_PORT and MSSP_PORT take two each; choose others.")
        for port in (plan.port, *plan.ports.values()):
            require_free(port, "PORT")
        if own_directory:
            for port in (plan.ldap_port, plan.ldap_port + 1):
                require_free(port, "LDAP_PORT")
        for port in plan.mssp_ports:
            require_free(port, "MSSP_PORT")
        directory = SampleDirectory(plan.folder / "directory", plan.ldap_port,
                                    bind_password_file=plan.keys / "ldap-bind.password",
                                    reset_password_file=plan.keys / "ldap-reset.password")
        if "smtp_host" not in plan.settings:
            spoken_for = {plan.port, *plan.ports.values(), plan.ldap_port, plan.ldap_port + 1, *plan.mssp_ports}
            self._mail = caught_in(plan.folder / "mail", spoken_for)
        self._write_settings(directory if own_directory else None)
        self._children = Children(plan.folder / "log")
        self._run_phones()
        self._say("Keys, database and sample directory ...")
        database = _InBackground(self._prepare)
        if own_directory:
            # In this thread: the kernel ends a guarded child together with the thread that started it.
            self._directory = directory.start()
        database.result()
        if self._made_anew:
            self._say("A new database, and keys that know the audit trail of another: accepting the new one ...")
            accept_chain(self.environment(), folder=ROOT)
        self._say("Provider, worker and sample applications ...")
        self._run_children()
        self._wait_for_all()

    def stop(self) -> None:
        """Stop everything that was started, in reverse."""
        if self._children is not None:
            self._children.stop()
            self._children = None
        if self._directory is not None:
            self._directory.stop()
            self._directory = None
        if self._mail is not None:
            self._mail.stop()
            self._mail = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def dead(self) -> str | None:
        """Say which part has ended by itself, or None."""
        child = self._children.dead() if self._children is not None else None
        if child is not None:
            return _obituary(child)
        if self._directory is not None and not self._directory.running:
            return f"The directory server has ended by itself. Its log: {self.plan.folder / 'directory' / 'slapd.log'}"
        return None

    def environment(self) -> dict[str, str]:
        """Give the environment in which ``flask --app wsgi`` and the processes of this run work."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("IDP_", "FLASK_", "GRANIAN_"))}
        return kept | {"IDP_CONFIG": str(self.plan.folder / "idp.toml"), "PYTHONUNBUFFERED": "1"}

    def block(self) -> str:
        """Give what a person needs, as one block whose first line is ``READY`` and the issuer."""
        plan = self.plan
        lines = [f"READY {plan.issuer}", "", "Applications"]
        places = [(name, f"http://localhost:{plan.ports[key]}/") for key, name in APPLICATIONS.items()]
        lines += [f"  {name:<28} {url}" for name, url in [*places, ("Ứng dụng của tôi (portal)", f"{plan.issuer}/")]]
        lines += ["", f"Demo accounts, all with the password {SampleDirectory.password}"]
        for person in demo_accounts():
            seed = f"; TOTP seed {TOTP_SEEDS[person.uid]}" if person.uid in TOTP_SEEDS else ""
            lines.append(f"  {person.uid:<15} {person.name}: {ROLES.get(person.uid, '')}{seed}")
        shown = plan.folder.relative_to(ROOT) if plan.folder.is_relative_to(ROOT) else plan.folder
        if plan.mssp_port is not None:
            lines += ["", f"Phones with signing SIMs (simulated), all with the PIN {sample_sims.PIN}",
                      f"  http://localhost:{plan.mssp_port}/",
                      f"Their service: https://127.0.0.1:{plan.mssp_port + 1}/soap/services/, certificates in {shown}/mssp/"]
        if self._mail is not None:
            lines += ["", f"Mail to officers is caught in {shown}/mail/ (smtp://127.0.0.1:{self._mail.port})."]
        lines += ["", f"Settings {shown}/idp.toml, logs {shown}/log/. Ctrl-C stops everything."]
        return "\n".join(lines)

    def _take_lock(self) -> None:
        path = self.plan.folder / "run.lock"
        self._lock = path.open("a+")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as err:
            self._lock.seek(0)
            pid = self._lock.read().strip() or "unknown"
            self._lock.close()
            self._lock = None
            raise StartError(f"It is already running in this checkout (process {pid}).",
                             "Use that one, or stop it first with Ctrl-C.") from err
        self._lock.truncate(0)
        self._lock.write(f"{os.getpid()}\n")
        self._lock.flush()

    def _write_settings(self, directory: SampleDirectory | None) -> None:
        plan = self.plan
        settings = {
            "env": "development", "issuer": plan.issuer, "database_url": f"sqlite:///{plan.folder / 'idp.sqlite3'}",
            "keys_dir": str(plan.keys), "clients_dir": str(self._clients()),
        }
        if directory is not None:
            settings |= {
                "ldap_uri": directory.uri, "ldap_base_dn": directory.base_dn, "ldap_bind_dn": directory.service_dn,
                "ldap_bind_password_file": str(directory.bind_password_file), "ldap_ca_file": str(directory.ca_file),
                "ldap_reset_bind_dn": directory.reset_dn, "ldap_reset_bind_password_file": str(directory.reset_password_file),
                "ldap_decoy_dn": directory.decoy_dn,
            }
        if self._mail is not None:
            settings |= {"smtp_host": "127.0.0.1", "smtp_port": str(self._mail.port), "smtp_tls": "none"}
        if plan.mssp_port is not None:
            settings |= {"mssp_file": str(plan.folder / "mssp.toml"), "tsa_access": "networks"}
        settings |= plan.settings
        text = "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in settings.items())
        path = plan.folder / "idp.toml"
        temporary = path.with_suffix(".new")
        temporary.touch(mode=0o600)
        temporary.write_text(f"# Written by every start of the sample province; change the environment instead.\n{text}",
                             encoding="utf-8")
        temporary.replace(path)

    def _clients(self) -> Path:
        """Give the registration files: those of the checkout, or copies with the ports of this run."""
        standing = {f"http://localhost:{PORT + 1 + number}": f"http://localhost:{self.plan.ports[name]}"
                    for number, name in enumerate(APPLICATIONS)}
        if all(shipped == ours for shipped, ours in standing.items()):
            return ROOT / "clients"
        target = self.plan.folder / "clients"
        shutil.rmtree(target, ignore_errors=True)
        pattern = re.compile("|".join(map(re.escape, standing)) + r"(?![0-9])")
        for file in sorted((ROOT / "clients").glob("*/client.toml")):
            copy = target / file.parent.name / file.name
            copy.parent.mkdir(parents=True)
            copy.write_text(pattern.sub(lambda found: standing[found[0]], file.read_text(encoding="utf-8")), encoding="utf-8")
        return target

    def _prepare(self) -> None:
        url = self.plan.settings.get("database_url", f"sqlite:///{self.plan.folder / 'idp.sqlite3'}")
        self._made_anew = prepare(self.plan.keys, url)

    def _run_phones(self) -> None:
        """Start the simulated carriers and their phones, first of all: at the first start they make the keys of the SIMs."""
        plan = self.plan
        if plan.mssp_port is None:
            return
        assert self._children is not None
        folder = plan.folder / "mssp"
        folder.mkdir(mode=0o700, exist_ok=True)
        names = {person.uid: person.name for person in [*demo_accounts(), *hard_cases()]}
        sample_sims.write(folder / "sims.json", names)
        carriers = plan.folder / "mssp.toml"
        carriers.touch(mode=0o600)
        carriers.write_text(sample_sims.carriers(folder, plan.mssp_port), encoding="utf-8")
        self._children.start(
            "mssp", [sys.executable, "-m", "deploy.mobile_signature", "--port", str(plan.mssp_port), "--folder", folder,
                     "--sims", folder / "sims.json"], folder=ROOT, environment=self.environment())

    def _run_children(self) -> None:
        plan = self.plan
        children = self._children
        assert children is not None
        environment = self.environment()
        binaries = Path(sys.executable).parent
        server: list[str | Path] = [
            binaries / "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--no-ws", "--http", "1",
            "--blocking-threads", "4", "--workers-kill-timeout", "5", "--log-level", "warning"]
        flask: list[str | Path] = [binaries / "flask", "--app", "wsgi"]
        if plan.mssp_port is not None:
            handed_over = [plan.folder / "mssp" / name for name in sample_sims.HANDED_OVER.values()]
            self._wait("what the mobile signature simulator hands over", lambda: all(file.is_file() for file in handed_over))
        figures = plan.folder / "metrics"  # shared by the server's processes, for /metrics; empty at each start
        shutil.rmtree(figures, ignore_errors=True)
        figures.mkdir()
        children.start("web", [*server, "--port", str(plan.port), "--workers", str(plan.workers), "wsgi:app"],
                       folder=ROOT, environment=environment | {"PROMETHEUS_MULTIPROC_DIR": str(figures)})
        children.start("worker", [*flask, "worker", "run"], folder=ROOT, environment=environment)
        if "ldap_uri" not in plan.settings and not self._seeds_are_there():
            seeds = plan.folder / "demo-totp.json"
            seeds.touch(mode=0o600)
            seeds.write_text(json.dumps(TOTP_SEEDS), encoding="utf-8")
            self._seeds = children.start("totp", [*flask, "totp", "import", "--file", seeds], folder=ROOT,
                                         environment=environment, once=True)
        if "ldap_uri" not in plan.settings and plan.mssp_port is not None and not self._signers_are_there():
            self._signers = children.start(
                "signers", [sys.executable, "-m", "deploy.sample_signers", "--phones", f"http://localhost:{plan.mssp_port}"],
                folder=ROOT, environment=environment, once=True)
        for name, port in plan.ports.items():
            secret = plan.keys / "clients" / f"{name}.secret"
            self._wait(f"the secret of {name}", secret.is_file)  # the provider makes it at its first start
            others = [f"{APPLICATIONS[other]}=http://localhost:{plan.ports[other]}/" for other in APPLICATIONS if other != name]
            children.start(
                name, [*server, "--port", str(port), "app:app"], folder=ROOT / "clients" / name, environment=environment | {
                    "PYTHONPATH": str(ROOT / "clients"), "SSO_ISSUER": plan.issuer, "CLIENT_SECRET_FILE": str(secret),
                    "APPLICATION_URL": f"http://localhost:{port}", "APPLICATION_LINKS": "\n".join(others)})

    def _seeds_are_there(self) -> bool:
        """Tell whether an earlier start has imported the seeds; spares a second of work at every further one."""
        file = self.plan.folder / "idp.sqlite3"
        if "database_url" in self.plan.settings or not file.is_file():
            return False
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            found = connection.execute("SELECT count(*) FROM totp").fetchone()
        return bool(found[0] >= len(TOTP_SEEDS))

    def _signers_are_there(self) -> bool:
        """Tell whether an earlier start has enrolled the sample SIMs, begun the campaigns and named a deputy who is one now."""
        file = self.plan.folder / "idp.sqlite3"
        if "database_url" in self.plan.settings or not file.is_file():
            return False
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            active, begun, deputies = connection.execute(
                "SELECT (SELECT count(*) FROM sim WHERE state = 'active'), (SELECT count(*) FROM campaign), "
                "(SELECT count(*) FROM deputy WHERE ended_at IS NULL AND ends_at > ?)", (int(time.time()),)).fetchone()
        return bool(active >= len(SIGNERS) and begun >= len(CAMPAIGNS) and deputies)

    def _wait_for_all(self) -> None:
        plan = self.plan
        self._wait("the provider", lambda: answer(f"{plan.url}/readyz")[0] == 200)
        self._wait("discovery", lambda: plan.issuer.encode() in answer(f"{plan.url}/.well-known/openid-configuration")[1])
        if self._seeds is not None:
            seeds = self._seeds
            self._wait("the import of one-time code seeds", lambda: not seeds.alive)
        if self._signers is not None:
            signers = self._signers
            self._wait("the enrolment of the sample SIMs", lambda: not signers.alive)
        if plan.mssp_port is not None:
            self._wait("the mobile signature simulator", lambda: answer(f"http://localhost:{plan.mssp_port}/healthz")[0] == 200)
        for name, port in plan.ports.items():
            # A redirect to the provider proves that the application has read the discovery document.
            self._wait(name, partial(leads_to_the_provider, port))

    def _wait(self, what: str, ready: Callable[[], bool]) -> None:
        until = time.monotonic() + START_SECONDS
        while not ready():
            if self._interrupted():
                raise KeyboardInterrupt
            dead = self.dead()
            if dead is not None:
                raise StartError(dead, "Read the lines above; `.venv/bin/flask --app wsgi doctor` checks the settings.")
            if time.monotonic() > until:
                raise StartError(f"After {START_SECONDS} s {what} does not answer yet.",
                                 f"Read the logs in {self.plan.folder / 'log'}.")
            time.sleep(0.05)


class _InBackground:
    """One call in a thread of its own; ``result`` waits and raises what it raised."""

    def __init__(self, call: Callable[[], None]) -> None:
        self._raised: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(call,), daemon=True)
        self._thread.start()

    def _run(self, call: Callable[[], None]) -> None:
        try:
            call()
        except BaseException as err:
            self._raised = err

    def result(self) -> None:
        self._thread.join()
        if self._raised is not None:
            raise self._raised


def _obituary(child: Child) -> str:
    return (f"{child.last_lines()}\n\n{child.name} has ended by itself (exit status {child.process.returncode}); "
            f"its whole log: {child.log}")
