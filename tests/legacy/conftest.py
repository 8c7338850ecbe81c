"""The legacy classes side by side: upstream's over files, and ours under every profile, over the same real files."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from mmcif_utils.message.PdbxMessageIo import PdbxMessageIo as Upstream
from support.site import DEPOSITION, LEGACY, PROFILES, Site, make_site

from service.embedded import program
from service.legacy import PdbxMessageIo
from service.messages import Correspondence


@dataclass(frozen=True, slots=True)
class Side:
    """One of the classes under test, with a site of its own."""

    name: str
    site: Site

    @property
    def is_upstream(self) -> bool:
        return self.name == "upstream"

    def make(self) -> Any:
        return Upstream(verbose=False, log=io.StringIO()) if self.is_upstream else PdbxMessageIo(verbose=False)

    def path(self, content_type: str = "messages-to-depositor", deposition: str = DEPOSITION) -> str:
        return str(self.site.file(deposition, content_type))

    def read(self, *which: str) -> Any:
        """Give an object that has read a file."""
        made = self.make()
        assert made.read(self.path(*which))
        return made

    def stored(self) -> dict[str, Correspondence]:
        """Give what each store of the profile holds."""
        services = program().services
        profile = services.settings.profile_named(self.name)
        return {name: services.stores.single(name).read(DEPOSITION).correspondence for name in profile.writes}


def ours(root: Path, url: str, profile: str, monkeypatch: pytest.MonkeyPatch) -> Side:
    """Make a site with the real files, started under a profile."""
    site = make_site(root, url, legacy=True)
    site.initialise()
    if profile != "cif-only":
        site.import_all()
    for name, value in site.environ(profile).items():
        monkeypatch.setenv(name, value)
    PdbxMessageIo()  # the first program starts the site
    return Side(profile, site)


@pytest.fixture(params=["upstream", *PROFILES])
def side(request: pytest.FixtureRequest, tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Side]:
    if not LEGACY.is_dir():
        pytest.skip(f"the legacy files are not at {LEGACY}")
    if request.param == "upstream":
        yield Side("upstream", make_site(tmp_path, sqlite_url, legacy=True))
    else:
        yield ours(tmp_path, sqlite_url, request.param, monkeypatch)


@pytest.fixture(params=PROFILES)
def our_side(request: pytest.FixtureRequest, tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Side:
    if not LEGACY.is_dir():
        pytest.skip(f"the legacy files are not at {LEGACY}")
    return ours(tmp_path, sqlite_url, request.param, monkeypatch)
