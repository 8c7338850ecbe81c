"""The composition root as a web server loads it: a service, or exit 2 with the remedy."""

import os
import subprocess
import sys
from pathlib import Path

from support.site import Site

LOADED = "import wsgi; print(sorted(r.rule for r in wsgi.application.url_map.iter_rules()))"


def load(site: Site, profile: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Import `wsgi` in a process of its own, from a foreign working directory."""
    environ = {"PATH": os.environ["PATH"], "TMPDIR": str(site.root)} | site.environ(profile, **more)
    command = [sys.executable, "-c", LOADED]
    return subprocess.run(command, env=environ, cwd=site.root, capture_output=True, text=True, check=False)


def test_the_application_is_the_service_with_its_admin(site: Site) -> None:
    done = load(site, "cif-only")
    assert done.returncode == 0, done.stderr
    assert "/admin/profile" in done.stdout
    assert "/api/v1/depositions/<dep>/messages" in done.stdout


def test_settings_that_are_refused_stop_it_with_the_remedy(site: Site) -> None:
    done = load(site, "dual_write")
    assert done.returncode == 2
    assert "dual-write-cif-read" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (site.root / "state" / "profile.json").exists()


def test_a_start_that_is_refused_stops_it_with_the_remedy(legacy_site: Site) -> None:
    done = load(legacy_site, "db-only")
    assert "msgmodule import --all" in done.stderr
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_site_that_cannot_be_told_stops_it_with_one_line(site: Site) -> None:
    (site.root / "state" / "profile.json").write_text("{")
    done = load(site, "cif-only")
    assert (done.returncode, "profile.json does not name the active profile" in done.stderr) == (1, True)
    assert "Traceback" not in done.stderr


def test_metrics_of_its_processes_lie_outside_the_tree_of_the_files(site: Site) -> None:
    assert load(site, "cif-only").returncode == 0
    folders = [p for p in Path(site.root).iterdir() if p.name.startswith("msgmodule-metrics-")]
    assert len(folders) == 1
    assert folders[0].stat().st_mode & 0o777 == 0o700
    assert site.files() == {}
