"""What a caller is answered while the disk of the files is read-only or full, under each profile (DESIGN section 5)."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.disk import mount
from support.site import DEPOSITION, PROFILES, Site, make_site

MESSAGES = f"/api/v1/depositions/{DEPOSITION}/messages"


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Site]:
    """A site whose tree is a file system of its own, with the real files in it."""
    (tmp_path / "data").mkdir()
    mount("-t", "tmpfs", "-o", "size=256k", "tmpfs", str(tmp_path / "data"))
    site = make_site(tmp_path, f"sqlite:///{tmp_path}/messages.db", legacy=True)
    site.initialise()
    site.import_all()
    yield site
    subprocess.run(["umount", "--lazy", str(tmp_path / "data")], check=True)


def test_an_archive_mounted_read_only_is_read_and_a_write_is_answered_503(mounted: Site) -> None:
    client = mounted.client(mounted.app("cif-only"))
    mount("-o", "remount,ro", str(mounted.root / "data"))
    before = mounted.files()

    assert len((client.get(MESSAGES).json or {})["messages"]) == 10
    refused = client.post(MESSAGES, json={"message_text": "x"})

    assert refused.status_code == 503
    assert refused.headers["Retry-After"]
    assert "Read-only" in (refused.json or {})["error"]["message"]
    assert mounted.files() == before


ANSWERS = {
    "cif-only": (503, None),
    "dual-write-cif-read": (503, None),
    "dual-write-db-read": (201, {"cif": "behind", "database": "written"}),
    "db-only": (201, {"database": "written"}),
}


@pytest.mark.parametrize("profile", PROFILES)
def test_a_full_disk_is_answered_as_the_profile_says_and_harms_no_byte(mounted: Site, profile: str) -> None:
    client = mounted.client(mounted.app(profile))
    filler = mounted.root / "data" / "filler"
    with pytest.raises(OSError, match="No space"):
        filler.write_bytes(b"x" * 10_000_000)
    before = mounted.files()

    answer = client.post(MESSAGES, json={"message_id": "m1", "message_text": "x" * 20_000})

    status, stores = ANSWERS[profile]
    assert (answer.status_code, (answer.json or {}).get("stores")) == (status, stores), answer.json
    assert mounted.files() == before
    filler.unlink()
    listed = client.get(MESSAGES).json or {}
    assert len(listed["messages"]) == (11 if status == 201 else 10)
    holds = mounted.file(DEPOSITION).read_bytes().count(b"m1 ") > 0
    assert holds == (profile == "dual-write-db-read"), "with room again the file is brought up by the next read"
