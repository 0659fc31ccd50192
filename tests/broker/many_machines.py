"""leadops as an operator runs it on many machines: each program has a data folder of its own and shares nothing but addresses.

What has become of the leads is read over the API and from the CRM sandbox, as a stranger would.
"""

import base64
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.broker.servers import NGINX, Server, end, free_port

BASE = Path(__file__).resolve().parents[2]
OURS = (
    "LEADOPS_",
    "DATABASE_URL",
    "CELERY_",
    "CACHE_URL",
    "SECRET_KEY",
    "EMAIL_URL",
    "DJANGO_",
    "PYTEST_",
    "PROMETHEUS_",
)
PATIENCE = 120
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Machines:
    def __init__(self, folder, *, database, broker, cache):
        self.folder = folder
        self.token = secrets.token_hex(20)
        self.sandbox_port = free_port()
        self.proxy_port = free_port()
        self.running = {}
        self.ports = {}
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith(OURS)},
            "DATABASE_URL": database.url,
            "CELERY_BROKER_URL": broker.url,
            "CACHE_URL": cache.url.replace("/0", "/1"),
            "SECRET_KEY": secrets.token_urlsafe(48),
            "LEADOPS_ENCRYPTION_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "LEADOPS_PUBLIC_URL": f"http://127.0.0.1:{self.proxy_port}",
            "LEADOPS_TRUSTED_PROXIES": "127.0.0.1",
            "LEADOPS_SANDBOX_PORT": str(self.sandbox_port),
            "LEADOPS_DEMO": "1",
            "EMAIL_URL": f"file://{folder / 'mail'}",
            "HUBSPOT_TOKEN": "sandbox-token",
            "HUBSPOT_WEBHOOK_SECRET": secrets.token_hex(16),
            "TYPEFORM_SECRET": secrets.token_hex(16),
        }

    # -- programs ----------------------------------------------------------------------------------

    def prepare(self):
        given = {"LEADOPS_API_TOKEN": self.token, "LEADOPS_ADMIN_PASSWORD": secrets.token_urlsafe(16)}
        done = subprocess.run(
            [sys.executable, "manage.py", "prepare"],
            env={**self.env, **given, "LEADOPS_DATA_DIR": self._data_dir("prepare")},
            cwd=BASE,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def sandbox(self):
        self.start("sandbox", "crm_sandbox")
        self.wait_until(lambda: self._status(self.sandbox_port, "/control/calls") == 200)

    def web(self, name):
        self.ports.setdefault(name, free_port())
        self.start(name, "run", "web", "--processes", "1", LEADOPS_PORT=str(self.ports[name]))
        self.wait_until(lambda: self._status(self.ports[name], "/healthz") == 200)

    def worker(self, name, *, queues):
        self.start(name, "run", "worker", "--processes", "2", "--queues", queues)
        self.wait_until(lambda: " ready." in self.log(name))

    def proxy(self):
        servers = "\n".join(f"server 127.0.0.1:{port};" for port in self.ports.values())
        site = (BASE / "deploy" / "nginx.conf.template").read_text(encoding="utf-8")
        site = site.replace("${LEADOPS_WEB_SERVERS}", servers).replace(
            "listen 8080;", f"listen 127.0.0.1:{self.proxy_port};"
        )
        proxy = Nginx(self.folder / "proxy", port=self.proxy_port, site=site)
        proxy.start()
        self.running["proxy"] = proxy.process

    def start(self, name, *arguments, **env):
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, "manage.py", *arguments],
                env={**self.env, "LEADOPS_DATA_DIR": self._data_dir(name), **env},
                cwd=BASE,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def leave(self, name):
        """As an operator stops it: it finishes what it has in hand."""
        process = self.running.pop(name)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) is not None, self.words()

    def kill(self, name):
        """kill -9 of it and of its children, at once."""
        process = self.running.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self):
        for process in reversed(list(self.running.values())):
            end(process, patience=3)

    # -- leads in, and what has become of them ---------------------------------------------------------

    def post(self, lead):
        """Until somebody answers: the key makes trying again safe. The submission's id."""
        body, until = json.dumps(lead).encode(), time.monotonic() + PATIENCE
        headers = {"Content-Type": "application/json", "Idempotency-Key": lead["email"]}
        address = f"http://127.0.0.1:{self.proxy_port}/api/v1/forms/demo-request/submissions"
        while True:
            try:
                with _direct.open(urllib.request.Request(address, body, headers), timeout=20) as answer:
                    return json.load(answer)["submission_id"]
            except urllib.error.HTTPError as error:
                # Nobody was there: the proxy's 502, or our own 503.
                assert error.code in (502, 503, 504), error.read()
            except OSError:
                pass
            assert time.monotonic() < until, self.words()
            time.sleep(0.2)

    def leads(self):
        """All of them, as the API shows them."""
        found, address = [], f"http://127.0.0.1:{self.proxy_port}/api/v1/leads?page_size=100"
        while address:
            page = self._json(address, f"Token {self.token}")
            found += page["results"]
            address = page["next"]
        return found

    def contacts(self):
        """E-mail address and owner of every contact in the CRM."""
        return [
            (one["properties"]["email"], one["properties"].get("hubspot_owner_id"))
            for one in self._listed("contacts", "email,hubspot_owner_id")
        ]

    def tasks(self):
        return self._listed("tasks", "hs_task_subject")

    def _listed(self, kind, properties):
        found, after = [], ""
        while after is not None:
            page = self._json(
                f"http://127.0.0.1:{self.sandbox_port}/hubspot/crm/v3/objects/{kind}"
                f"?limit=100&properties={properties}" + (f"&after={after}" if after else ""),
                "Bearer sandbox-token",
            )
            found += page["results"]
            after = page.get("paging", {}).get("next", {}).get("after")
        return found

    # -- waiting -----------------------------------------------------------------------------------

    def wait_until(self, condition):
        until = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < until, self.words()
            time.sleep(0.2)

    def log(self, name):
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def words(self):
        return "\n".join(
            f"{log.name}:\n{log.read_text(errors='replace')[-2000:]}" for log in self.folder.glob("*.log")
        )

    def _data_dir(self, name):
        folder = self.folder / f"var-{name}"
        folder.mkdir(mode=0o700, exist_ok=True)
        return str(folder)

    def _json(self, address, authorization):
        request = urllib.request.Request(address, headers={"Authorization": authorization})
        with _direct.open(request, timeout=20) as answer:
            return json.load(answer)

    @staticmethod
    def _status(port, path):
        try:
            with _direct.open(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0


class Nginx(Server):
    """Debian's, with the site that `deploy/` ships."""

    def __init__(self, folder, *, port, site):
        folder.mkdir()
        super().__init__(folder)
        self.port = port
        (folder / "site.conf").write_text(site)
        places = "".join(
            f"{name}_temp_path {folder / name};\n"
            for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (folder / "nginx.conf").write_text(
            f"daemon off;\npid {folder / 'pid'};\nerror_log stderr warn;\nevents {{}}\n"
            f"http {{\naccess_log off;\n{places}include {folder / 'site.conf'};\n}}\n"
        )

    def command(self):
        return [str(NGINX), "-p", str(self.folder), "-c", str(self.folder / "nginx.conf"), "-e", "stderr"]

    @staticmethod
    def missing():
        return "" if NGINX.exists() else "nginx is not installed"


class Crowd:
    """Strangers who post through the proxy, `per_second`, until they are told to stop."""

    def __init__(self, machines, leads, *, per_second):
        self.machines, self.leads, self.pause = machines, iter(leads), 1 / per_second
        self.posted = {}
        self.failures = []
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self._post, daemon=True) for _ in range(4)]
        self.lock = threading.Lock()

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *error):
        self.stopping.set()
        for thread in self.threads:
            thread.join(PATIENCE)

    def has_posted(self, count):
        return len(self.posted) >= count or bool(self.failures)

    def _post(self):
        while not self.stopping.is_set():
            with self.lock:
                lead = next(self.leads, None)
            if lead is None:
                return
            try:
                self.posted[lead["email"]] = self.machines.post(lead)
            except Exception as error:
                self.failures.append(error)
                return
            time.sleep(self.pause * len(self.threads))
