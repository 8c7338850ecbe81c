"""The whole migration there and back: two applications over one site, no message lost, no restart."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient
from support import legacy
from support.command import msgmodule
from support.site import DEPOSITION, LEGACY, PROFILES, Site, make_site

URL = f"/api/v1/depositions/{DEPOSITION}/messages"
KINDS = ("messages-to-depositor", "messages-from-depositor", "notes-from-annotator")
WAY = (*PROFILES, *reversed(PROFILES[:3]))


@pytest.fixture
def archive(tmp_path: Path, database_url: str) -> Site:
    if not LEGACY.is_dir():
        pytest.skip(f"the legacy files are not at {LEGACY}")
    made = make_site(tmp_path, database_url, legacy=True)
    made.initialise()
    return made


def switch(client: FlaskClient, to: str, epoch: int) -> None:
    body = {"to": to, "expected_epoch": epoch, "reason": "the next step of the migration"}
    answer = client.post("/admin/profile", json=body)
    assert answer.status_code == 200, answer.text
    assert (answer.json or {})["epoch"] == epoch + 1


def make_ready(site: Site) -> None:
    """Import and verify, which is what the profiles that answer from the database ask for."""
    for command in (("import", "--all"), ("verify", "--all")):
        done = msgmodule(site, *command)
        assert done.returncode == 0, done.stdout + done.stderr


def profile_of(client: FlaskClient) -> str:
    return str((client.get("/admin/profile").json or {})["profile"])


def write(client: FlaskClient, name: str) -> list[str]:
    """Send a message of each kind with a file, and mark one of them read; give their ids."""
    files = [{"content_type": "model-annotate", "content_format": "pdbx", "version_id": 3}]
    for kind in KINDS:
        body = {"message_id": f"{name}-{kind}", "message_text": f"Å {name}", "content_type": kind, "files": files}
        assert client.post(URL, json=body).status_code == 201
    assert client.post(f"{URL}/{name}-{KINDS[1]}/read", json={}).status_code == 200
    return [f"{name}-{kind}" for kind in KINDS]


def read(client: FlaskClient) -> dict[str, object]:
    messages = (client.get(URL).json or {})["messages"]
    return {m["message_id"]: (m["message_text"], len(m["files"]), m["status"]) for m in messages}


def test_every_message_of_every_phase_is_readable_in_all_later_phases_and_in_the_files(archive: Site) -> None:
    first, second = (archive.client(archive.app("cif-only")) for _ in range(2))
    known = read(first)
    for phase, profile in enumerate(WAY):
        if phase:
            if profile == "dual-write-db-read":
                make_ready(archive)
            switch((first, second)[phase % 2], profile, phase)
        assert profile_of(first) == profile_of(second) == profile
        written = write(first, f"first-{phase}") + write(second, f"second-{phase}")
        seen = read(second)
        assert set(written) <= set(seen)
        assert {i: seen[i] for i in known} == known
        assert read(first) == seen
        known = seen

    assert len(known) == 10 + len(WAY) * 6
    in_files = [row["message_id"] for kind in KINDS for row in legacy.rows(archive.file(DEPOSITION, kind))]
    assert sorted(in_files) == sorted(known)
    statuses = legacy.rows(archive.file(DEPOSITION), "pdbx_deposition_message_status")
    assert len(statuses) == 6 + len(WAY) * 2


def test_ordinals_stay_unique_in_every_file_through_the_whole_migration(archive: Site) -> None:
    client = archive.client(archive.app("cif-only"))
    for phase, profile in enumerate(WAY):
        if phase:
            if profile == "dual-write-db-read":
                make_ready(archive)
            switch(client, profile, phase)
        write(client, f"phase-{phase}")
    for kind in KINDS:
        for category in ("pdbx_deposition_message_info", "pdbx_deposition_message_file_reference"):
            rows = legacy.rows(archive.file(DEPOSITION, kind), category)
            ordinals = [int(row["ordinal_id"]) for row in rows]
            assert ordinals == sorted(set(ordinals)), (kind, category)


def test_the_other_deposition_keeps_its_bytes_through_the_whole_migration(archive: Site) -> None:
    other = {name: data for name, data in archive.files().items() if "D_9000277853" in name}
    client = archive.client(archive.app("cif-only"))
    for phase, profile in enumerate(WAY[1:], 1):
        if profile == "dual-write-db-read":
            make_ready(archive)
        switch(client, profile, phase)
        assert client.get(URL.replace(DEPOSITION, "D_9000277853")).status_code == 200
    assert {name: data for name, data in archive.files().items() if "D_9000277853" in name} == other


def test_a_draft_begun_in_one_phase_is_sent_in_the_next(archive: Site) -> None:
    client = archive.client(archive.app("cif-only"))
    assert client.post(URL, json={"message_id": "d", "message_text": "0", "send_status": "N"}).status_code == 201
    for phase, profile in enumerate(WAY[1:], 1):
        if profile == "dual-write-db-read":
            make_ready(archive)
        switch(client, profile, phase)
        edited = client.patch(f"{URL}/d", json={"message_text": str(phase)})
        assert edited.status_code == 200, edited.text
        assert (client.get(f"{URL}/d").json or {})["message_text"] == str(phase)
    assert client.patch(f"{URL}/d", json={"send_status": "Y"}).status_code == 200
    assert [r["send_status"] for r in legacy.rows(archive.file(DEPOSITION)) if r["message_id"] == "d"] == ["Y"]
