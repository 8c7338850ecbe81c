"""The latest version of a file is found among whatever else lies beside it; a group's files are in autogroup."""

from pathlib import Path

import pytest

from service.backup.content import content_type
from service.errors import FileUnavailable
from service.storage.cif.paths import Site
from service.vocabulary import CONTENT_TYPES, NOTES, TO_DEPOSITOR

DEP = "D_1000000001"
NAME = f"{DEP}_messages-to-depositor_P1.cif"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    (tmp_path / "archive" / DEP).mkdir(parents=True)
    (tmp_path / "autogroup" / "G_1002003").mkdir(parents=True)
    (tmp_path / "deposit" / DEP).mkdir(parents=True)
    (tmp_path / "deposit" / "G_1002003").mkdir(parents=True)
    return Site(tmp_path)


def _latest(site: Site, *names: str) -> str:
    for name in names:
        (site.directory(DEP) / name).touch()
    files = site.files(DEP)
    assert files is not None
    return files[TO_DEPOSITOR].name


def test_the_highest_version_counts_and_not_the_last_by_name(site: Site) -> None:
    assert _latest(site) == f"{NAME}.V1"
    assert _latest(site, f"{NAME}.V1") == f"{NAME}.V1"
    assert _latest(site, f"{NAME}.V2") == f"{NAME}.V2"
    assert _latest(site, f"{NAME}.V9", f"{NAME}.V10") == f"{NAME}.V10"


@pytest.mark.parametrize(
    "name",
    [
        f"{NAME}.V9.lock", f"{NAME}.V9.PREV0", f"{NAME}.V9.PREV0.lock", f"{NAME}.V", f"{NAME}.V9~", f"{NAME}.V9.gz",
        f"{NAME}.V-9", f"{NAME}.V9 ", f"{NAME}.v9", f"{NAME}.V٩", f"{NAME}.V²", f".{NAME}.V9.tmp", f"{NAME}.9",
        NAME, f"x{NAME}.V9",
        NAME.replace("P1", "P2") + ".V9", f"{DEP}_messages-to-depositor-x_P1.cif.V9",
        "D_1000000002" + NAME[len(DEP) :] + ".V9",
    ],
)  # fmt: skip
def test_a_file_with_any_other_name_is_no_version(site: Site, name: str) -> None:
    assert _latest(site, f"{NAME}.V1", name) == f"{NAME}.V1"


def test_the_three_files_are_resolved_each_by_its_own_versions(site: Site) -> None:
    (site.directory(DEP) / f"{DEP}_{NOTES}_P1.cif.V3").touch()

    files = site.files(DEP)

    assert files is not None
    assert list(files) == list(CONTENT_TYPES)
    assert [p.name.rsplit(".", 1)[1] for p in files.values()] == ["V1", "V1", "V3"]
    assert [content_type(p) for p in files.values()] == list(CONTENT_TYPES)


def test_a_group_has_its_files_in_autogroup_and_no_mirror(site: Site) -> None:
    files = site.files("G_1002003")

    assert files is not None
    assert {p.parent for p in files.values()} == {site.cif_root / "autogroup" / "G_1002003"}
    assert site.mirror("G_1002003") is None
    assert site.mirror(DEP) == site.cif_root / "deposit" / DEP
    assert site.mirror("D_1") is None


def test_the_listing_holds_depositions_and_groups_and_nothing_else(site: Site) -> None:
    for name in ("D_2", "D_10", "D_x", "G_1", "lost+found", ".D_3"):
        (site.cif_root / "archive" / name).mkdir()
    (site.cif_root / "archive" / "D_4").touch()

    assert list(site.depositions()) == ["D_10", DEP, "D_2", "G_1002003"]


def test_a_deposition_whose_directory_cannot_be_listed_is_unavailable_and_not_unknown(site: Site) -> None:
    (site.cif_root / "archive" / "D_5").touch()

    with pytest.raises(FileUnavailable, match="D_5"):
        site.files("D_5")
    assert site.files("D_6") is None
