"""A real Apache with mod_wsgi for tests: the vhost of deploy/apache, with its own configuration, ports, user and folder."""

import base64
import json
import os
import pwd
import re
import shutil
import subprocess
import sysconfig
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from support.server import free_port
from support.site import Site
from support.tools import tool

CHECKOUT = Path(__file__).parents[2]
PERSON, PASSWORD = "alice", "correct horse"
MODULES = ("mpm_event", "authn_core", "authn_file", "authz_core", "authz_user", "auth_basic", "headers", "wsgi")
_MODULES = Path("/usr/lib/apache2/modules")
_CONFIG = """
ServerRoot {root}
ServerName localhost
PidFile {root}/apache.pid
Mutex posixsem
ErrorLog {root}/logs/error.log
LogLevel warn wsgi:info
{load}
{user}
StartServers 1
Define MESSAGING_ROOT {root}
Define MESSAGING_HOME {root}/home
Define MESSAGING_PROFILE {profile}
Define MESSAGING_USER {name}
Define MESSAGING_PORT {port}
Define MESSAGING_ADMIN_PORT {admin_port}
Define MESSAGING_PEOPLE {root}/people
Define MESSAGING_LOGS {root}/logs
Include {vhost}
"""


class Apache:
    """One Apache over one site; `address` serves, `admin` is the sidecar."""

    def __init__(self, profile: str) -> None:
        self._apache = tool("apache2", "apache2")
        if not (_MODULES / "mod_wsgi.so").exists():
            tool("mod_wsgi", "libapache2-mod-wsgi-py3")
        self.root = Path(tempfile.mkdtemp(prefix="messaging-apache-"))
        self.site = Site(self.root, f"sqlite:///{self.root}/messages.db")
        for folder in ("data/archive", "data/deposit", "data/autogroup", "logs", "tmp"):
            (self.root / folder).mkdir(parents=True)
        self.site.initialise()
        self.secret = self.site.token()
        self.port, self.admin_port = free_port(), free_port()
        self.address, self.admin = f"http://127.0.0.1:{self.port}", f"http://127.0.0.1:{self.admin_port}"
        self._configure(profile)

    def start(self) -> None:
        """Start, and return when the service answers."""
        environ = {"PATH": os.environ["PATH"], "TMPDIR": str(self.root / "tmp")}
        environ |= self.site.environ("", MSGMODULE_REMOTE_USERS=f"{PERSON}=admin,metrics", MSGMODULE_LOCK_TIMEOUT="10")
        del environ["MSGMODULE_ENV"]
        arguments = [self._apache, "-f", str(self.root / "apache.conf"), "-D", "FOREGROUND"]
        self._process = subprocess.Popen(arguments, env=environ, stderr=subprocess.PIPE, text=True)
        while not self._listens():
            assert self._process.poll() is None, f"Apache ended: {self._process.communicate()[1]}{self.log()}"

    def stop(self) -> None:
        """Stop, and remove what it had."""
        self._process.terminate()
        self._process.communicate()
        shutil.rmtree(self.root)

    def deploy(self) -> None:
        """Begin anew with the code as it is now, as docs/deploy.md says."""
        (self.root / "wsgi.py").touch()

    def log(self) -> str:
        """Give what Apache and the service said."""
        return "".join(path.read_text() for path in sorted((self.root / "logs").iterdir()))

    def ask(
        self, url: str, body: object = None, *, person: bool = False, headers: Mapping[str, str] = MappingProxyType({})
    ) -> tuple[int, str]:
        """Ask by token, or as the person; give status and text."""
        known = f"{PERSON}:{PASSWORD}".encode()
        credential = f"Basic {base64.b64encode(known).decode()}" if person else f"Bearer {self.secret}"
        data = None if body is None else json.dumps(body).encode()
        given = {"Authorization": credential, "Content-Type": "application/json", **headers}
        try:
            request = urllib.request.Request(url, data, given)  # noqa: S310 - our own address
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - our own address
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def metric(self, name: str) -> float:
        """Give a metric as the sidecar tells it."""
        found = re.search(rf"^{re.escape(name)} (\S+)$", self.ask(f"{self.admin}/admin/metrics")[1], re.MULTILINE)
        return float(found[1]) if found else 0.0

    def _listens(self) -> bool:
        try:
            return self.ask(f"{self.address}/healthz")[0] == 200
        except OSError:
            return False

    def _configure(self, profile: str) -> None:
        """Write the configuration, and give everything to the user of the daemons."""
        name = "www-data" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
        load = "\n".join(f"LoadModule {m}_module {_MODULES}/mod_{m}.so" for m in MODULES)
        text = _CONFIG.format(
            root=self.root,
            load=load,
            user=f"User {name}\nGroup {name}" if os.getuid() == 0 else "",
            name=name,
            profile=profile,
            port=self.port,
            admin_port=self.admin_port,
            vhost=CHECKOUT / "deploy" / "apache" / "messaging.conf",
        )
        (self.root / "apache.conf").write_text(text)
        shutil.copy(CHECKOUT / "wsgi.py", self.root / "wsgi.py")
        hashed = subprocess.run(
            [tool("htpasswd", "apache2-utils"), "-nbB", PERSON, PASSWORD], check=True, capture_output=True, text=True
        )
        (self.root / "people").write_text(hashed.stdout)
        _virtual_environment(self.root / "home")
        self.root.chmod(0o755)
        if os.getuid() == 0:
            subprocess.run(["chown", "-R", f"{name}:", str(self.root)], check=True)


def _virtual_environment(folder: Path) -> None:
    """Make an environment of Debian's own Python, which mod_wsgi embeds, with the packages of the tests' environment."""
    packages = Path(sysconfig.get_paths()["purelib"])
    (folder / "lib" / "python3.11").mkdir(parents=True)
    (folder / "lib" / "python3.11" / "site-packages").symlink_to(packages)
    (folder / "bin").mkdir()
    (folder / "bin" / "python3").symlink_to("/usr/bin/python3")
    (folder / "pyvenv.cfg").write_text("home = /usr/bin\ninclude-system-site-packages = false\n")
