"""Mounts that are away for a moment and files that a power cut tore: a clear answer, and all is as before behind it."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support.command import msgmodule
from support.site import DEPOSITION, Site

from service.services import services_of


@contextmanager
def away(directory: Path) -> Iterator[None]:
    """Let nobody look into a directory, as into a mount whose server is gone."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("stat", "listdir", "scandir", "open", "statvfs"):
            patch.setattr(os, name, _refusing(getattr(os, name), directory))
        yield


def _refusing(function: Any, directory: Path) -> Any:
    def call(path: Any, *given: Any, **more: Any) -> Any:
        if isinstance(path, str | os.PathLike) and Path(path).is_relative_to(directory):
            raise OSError(errno.ESTALE, os.strerror(errno.ESTALE), str(path))
        return function(path, *given, **more)

    return call


def test_a_state_directory_that_is_away_is_a_503_and_is_followed_again(site: Site) -> None:
    app = site.app("cif-only")
    client, runtime = site.client(app), services_of(app).runtime
    with away(site.root / "state"):
        assert client.get("/readyz").status_code == 503
        runtime.look()  # as its thread does
    assert client.get("/readyz").status_code == 200


def test_files_that_are_away_are_a_503_and_metrics_go_on(legacy_site: Site) -> None:
    client = legacy_site.client(legacy_site.app("cif-only"))
    with away(legacy_site.root / "data"):
        for path in ("/readyz", f"/api/v1/depositions/{DEPOSITION}/messages", "/api/v1/messages/recent?days=1"):
            assert client.get(path).status_code == 503, path
        scrape = client.get("/admin/metrics")
        assert scrape.status_code == 200
        assert 'disk_free_ratio{place="state_dir"}' in scrape.text
        health = client.get("/admin/health")
        assert {c["name"] for c in (health.json or {})["checks"] if not c["ok"]} >= {"cif_probe"}
    assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize("torn", [b"", b"{", b"[]"])
def test_a_worker_whose_file_a_power_cut_tore_holds_nothing_up(site: Site, torn: bytes) -> None:
    client = site.client(site.app("cif-only"))
    for name in ("other-1.json", f"{os.uname().nodename}-1.json"):
        (site.root / "state" / "workers" / name).write_bytes(torn)
    for path in ("/admin/metrics", "/admin/profile", "/admin/health"):
        assert client.get(path).status_code == 200, path


@pytest.mark.parametrize("torn", [b"", b"[]", b'{"full": {}, "last": {}}'])
def test_a_record_of_a_verify_that_a_power_cut_tore_is_made_anew(legacy_site: Site, torn: bytes) -> None:
    legacy_site.import_all()
    record = legacy_site.root / "state" / "verify.json"
    record.parent.mkdir(exist_ok=True)
    record.write_bytes(torn)
    assert msgmodule(legacy_site, "profile", "preflight", "dual-write-db-read", profile="dual-write-cif-read").returncode
    done = msgmodule(legacy_site, "verify", "--all", profile="dual-write-cif-read")
    assert done.returncode == 0, done.stderr
    assert msgmodule(legacy_site, "verify", "--all", profile="dual-write-cif-read").returncode == 0


def test_a_torn_identity_of_the_database_names_its_file_and_the_remedy(site: Site) -> None:
    client = site.client(site.app("db-only"))
    (site.root / "state" / "database.json").write_bytes(b"")
    other = site.client(site.app("db-only"))
    answer = other.get(f"/api/v1/depositions/{DEPOSITION}/messages")
    assert answer.status_code == 503
    assert "msgmodule db init --adopt" in answer.text
    assert client.get("/healthz").status_code == 200
