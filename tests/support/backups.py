"""A site backed up and restored as an operator does it."""

from pathlib import Path

from support.command import Done, msgmodule
from support.site import Site


def backup(site: Site, profile: str = "cif-only") -> tuple[Done, Path]:
    """Back a site up; give how that ended, and the folder."""
    folder = site.root / "backups" / "first"
    return msgmodule(site, "backup", str(folder), "--json", profile=profile), folder


def restore(site: Site, folder: Path, profile: str = "cif-only") -> Done:
    return msgmodule(site, "restore", str(folder), "--json", profile=profile)
