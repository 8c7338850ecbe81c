"""What a power cut would leave, told by the order in which names and contents are brought to the disk."""

import os
from pathlib import Path

import pytest


def recorded(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Record from now on, in order and by name, what is synced and what is renamed."""
    steps: list[tuple[str, str]] = []
    fsync, replace, rename = os.fsync, os.replace, Path.rename

    def syncing(descriptor: int) -> None:
        steps.append(("sync", Path(f"/proc/self/fd/{descriptor}").readlink().name))
        fsync(descriptor)

    def replacing(name: Path, to: Path) -> None:
        steps.append(("rename", Path(name).name))
        replace(name, to)

    def renaming(name: Path, to: Path) -> Path:
        steps.append(("rename", name.name))
        return rename(name, to)

    monkeypatch.setattr(os, "fsync", syncing)
    monkeypatch.setattr(os, "replace", replacing)
    monkeypatch.setattr(Path, "rename", renaming)
    return steps
