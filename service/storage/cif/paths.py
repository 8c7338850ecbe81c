"""Where the files of a deposition are (reference section 1)."""

import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from service.errors import FileUnavailable
from service.storage.durable import faults, is_directory
from service.vocabulary import CONTENT_TYPES, is_deposition_id, is_group


class Site:
    """The file tree of one site: `archive/`, `autogroup/` and the depositors' mirror `deposit/` under one root."""

    def __init__(self, cif_root: Path) -> None:
        self.cif_root = cif_root
        self._roots = (cif_root / "archive", cif_root / "autogroup")
        self._mirrors = cif_root / "deposit"

    def directory(self, deposition_data_set_id: str) -> Path:
        """Give the directory that holds a deposition's files, whether it exists or not."""
        return _within(self._root(deposition_data_set_id), (deposition_data_set_id,))[0]

    def files(self, deposition_data_set_id: str) -> dict[str, Path] | None:
        """Give the latest version of each of the three files, `V1` where there is none; `None` for an unknown deposition.

        Raises FileUnavailable when the tree itself is not there, so that a missing mount is never an empty archive.
        """
        directory = self.directory(deposition_data_set_id)
        try:
            names = os.listdir(directory)
        except FileNotFoundError as error:
            if directory.is_symlink():
                raise FileUnavailable(f"{directory} leads nowhere; check the mount that it means") from error
            self.require_root(deposition_data_set_id)
            self._require_own_tree(deposition_data_set_id)
            return None
        except OSError as error:
            raise FileUnavailable(f"{directory}: {error.strerror}; check mount and permissions") from error
        latest = tuple(_latest(names, f"{deposition_data_set_id}_{c}_P1.cif") for c in CONTENT_TYPES)
        return dict(zip(CONTENT_TYPES, _within(directory, latest), strict=True))

    def mirror(self, deposition_data_set_id: str) -> Path | None:
        """Give the depositors' directory; `None` where there is no such directory, or for a group."""
        directory = _within(self._mirrors, (deposition_data_set_id,))[0]
        return directory if not is_group(deposition_data_set_id) and os.path.isdir(directory) else None  # noqa: PTH112

    def depositions(self) -> Iterator[str]:
        """List the ids of all depositions and groups in the tree, sorted within each. Raises FileUnavailable."""
        self.require_root("D_0")
        for name in ("archive", "autogroup"):
            root = self.cif_root / name
            if is_directory(root):
                with faults(root), os.scandir(root) as entries:
                    names = sorted(e.name for e in entries if is_deposition_id(e.name) and (e.is_dir() or e.is_symlink()))
                yield from names

    def locks(self) -> Iterator[Path]:
        """List the locks that lie beside message files, whoever made them."""
        for deposition_data_set_id in self.depositions():
            directory = self.directory(deposition_data_set_id)
            files = tuple(f"{deposition_data_set_id}_{c}_P1.cif" for c in CONTENT_TYPES)
            with faults(directory):
                names = os.listdir(directory)
            yield from (directory / name for name in names if name.endswith(".lock") and name.startswith(files))

    def require_root(self, deposition_data_set_id: str) -> None:
        """Raise FileUnavailable when the tree that would hold a deposition is missing."""
        root = self._root(deposition_data_set_id)
        if not is_directory(root):
            raise FileUnavailable(f"{root} is not there; check the mount and the setting cif_root", path=str(root))

    def _require_own_tree(self, deposition_data_set_id: str) -> None:
        """Raise FileUnavailable for a deposition in the tree of the groups, or a group in that of the depositions."""
        for root in self._roots:
            if root != self._root(deposition_data_set_id) and is_directory(root / deposition_data_set_id):
                raise FileUnavailable(
                    f"{root / deposition_data_set_id} is in the wrong tree; move it to {self._root(deposition_data_set_id)}",
                    path=str(root / deposition_data_set_id),
                )

    def _root(self, deposition_data_set_id: str) -> Path:
        return self._roots[is_group(deposition_data_set_id)]


@lru_cache(maxsize=4096)
def _within(directory: Path, names: tuple[str, ...]) -> tuple[Path, ...]:
    """Join names to a directory; a path that is kept need not be put together again for every answer."""
    return tuple(directory / name for name in names)


def _latest(names: list[str], base: str) -> str:
    """Pick the highest version; locks, snapshots and anything else with a suffix never match.

    A file without a version is what there is only where none has one.
    """
    texts = [name[len(base) + 2 :] for name in names if name.startswith(f"{base}.V")]
    versions = [int(v) for v in texts if v.isascii() and v.isdigit()]
    return f"{base}.V{max(versions, default=1)}" if versions or base not in names else base
