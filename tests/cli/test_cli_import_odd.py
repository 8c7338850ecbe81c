"""What an archive holds that it should not: each is brought in as it is and reported by name, none dropped or invented."""

import json
from pathlib import Path
from typing import Any

import pytest
from support import legacy
from support.command import msgmodule
from support.site import Site, make_site

from service.vocabulary import CONTENT_TYPES

DEP, DAMAGED, EMPTY = "D_1000000001", "D_1000000002", "D_1000000003"
INFO = (
    "ordinal_id message_id deposition_data_set_id timestamp sender context_type context_value parent_message_id "
    "message_subject message_text message_type send_status"
)
FILES = "ordinal_id message_id deposition_data_set_id content_type content_format partition_number version_id storage_type"
STATUS = "message_id deposition_data_set_id read_status action_reqd for_release"


def loop(category: str, attributes: str, *rows: str) -> str:
    head = "".join(f"_pdbx_deposition_message_{category}.{a} \n" for a in attributes.split())
    return f"loop_\n{head}" + "".join(f"{row} \n" for row in rows) + "# \n"


LETTERS = (
    "data_messages\n# \n"
    + loop(
        "info",
        INFO,
        f"1 twice {DEP} '2025-01-01 00:00:00' s ? ? twice first one text Y",
        f"2 twice {DEP} '2025-01-02 00:00:00' s ? ? twice second other text Y",
        f"3 odd-time {DEP} '31 of May, late' s ? ? dangling a b text Y",
        f"4 unread {DEP} ? s ? ? unread a b text N",
    )
    + loop(
        "file_reference",
        FILES,
        f"1 twice {DEP} model-annotate pdbx ? 1 archive",
        f"2 nobody {DEP} model-annotate pdbx 1 ? archive",
    )
    + loop("status", STATUS, f"without-a-message {DEP} Y N N", f"twice {DEP} N Y N")
    + "_pdbx_extra.colour blue\n# \n"
)


@pytest.fixture
def odd(tmp_path: Path, database_url: str) -> Site:
    made = make_site(tmp_path, database_url)
    made.initialise()
    for key in (DEP, DAMAGED, EMPTY):
        made.file(key).parent.mkdir()
    made.file(DEP).write_text(LETTERS)
    made.file(DAMAGED).write_text(LETTERS[:-50])
    for content_type in CONTENT_TYPES:
        made.file(EMPTY, content_type).touch()
    return made


def run(site: Site, *arguments: str) -> tuple[int, dict[str, Any], str]:
    done = msgmodule(site, *arguments, "--json")
    return done.returncode, json.loads(done.stdout), done.stderr


def test_a_damaged_file_is_named_and_the_odd_ones_are_brought_in(odd: Site) -> None:
    files = odd.files()
    code, totals, told = run(odd, "import", "--all")
    assert (code, totals["found"], totals["damaged"], totals["failed"], totals["inserted"]) == (1, 3, 1, 0, 8)
    assert f"{odd.file(DAMAGED)} is damaged" in told
    assert odd.files() == files


@pytest.mark.parametrize("more", [(), ("--dry-run",)], ids=["import", "rehearsal"])
@pytest.mark.parametrize("known", [False, True], ids=["new", "known"])
def test_each_odd_row_is_named(odd: Site, tmp_path: Path, more: tuple[str, ...], known: bool) -> None:
    if known:
        odd.file(DEP).write_text(LETTERS.replace("first one text", "first other text"))
        run(odd, "import", "--all")
        odd.file(DEP).write_text(LETTERS)
    _, _, told = run(odd, "import", "--all", "--json-log", str(tmp_path / "log"), *more)
    (line,) = [line for line in told.splitlines() if line.startswith(f"{DEP}: kept as it is: ")]
    assert line.removeprefix(f"{DEP}: kept as it is: ").split("; ") == [
        "message twice is there 2 times",
        "messages-to-depositor: message odd-time has no readable timestamp (31 of May, late)",
        "messages-to-depositor: message odd-time answers dangling, which is not there",
        "messages-to-depositor: message unread has no readable timestamp (None)",
        "messages-to-depositor: a file of message twice has the partition_number None",
        "messages-to-depositor: a file is referred to by message nobody, which is not there",
        "messages-to-depositor: a file of message nobody has the version_id None",
        "messages-to-depositor: there are flags for message without-a-message, which is not there",
    ]
    entries = [json.loads(entry) for entry in (tmp_path / "log").read_text().splitlines()]
    assert [len(entry.get("odd", ())) for entry in entries if entry.get("deposition_data_set_id") == DEP] == [8]


def test_each_odd_row_is_in_the_database_as_it_stands_in_the_file(odd: Site) -> None:
    run(odd, "import", "--all")
    database = odd.services("cif-only").stores.database
    rows = database.read(DEP).correspondence
    assert [(m.message_id, m.message_subject) for m in rows.messages[:2]] == [("twice", "first"), ("twice", "second")]
    assert [(m.timestamp, m.parent_message_id) for m in rows.messages[2:]] == [
        ("31 of May, late", "dangling"),
        (None, "unread"),
    ]
    assert [(f.message_id, f.partition_number, f.version_id) for f in rows.sections[0].files] == [
        ("twice", None, "1"),
        ("nobody", "1", None),
    ]
    assert [(s.message_id, s.read_status) for s in rows.statuses] == [("without-a-message", "Y"), ("twice", "N")]
    assert database.read(EMPTY).correspondence.row_count == 0
    assert DAMAGED not in database.recorded()


def test_a_verify_names_what_is_damaged_and_what_lies_beyond(odd: Site) -> None:
    run(odd, "import", "--all")
    code, body, _ = run(odd, "verify", "--all")
    assert (code, body["equal"], body["unreadable"], body["beyond"]) == (1, 2, 1, 1)
    told = {finding["deposition_data_set_id"]: finding for finding in body["findings"]}
    assert told[DEP]["beyond"] == ["messages-to-depositor: category pdbx_extra"]
    assert str(odd.file(DAMAGED)) in told[DAMAGED]["error"]


def test_an_export_gives_every_odd_row_back(odd: Site, tmp_path: Path) -> None:
    run(odd, "import", "--all")
    assert run(odd, "export", "--all", "--output-dir", str(tmp_path / "out"))[0] == 0
    written = tmp_path / "out" / DEP / odd.file(DEP).name
    for category in ("info", "file_reference", "status"):
        name = f"pdbx_deposition_message_{category}"
        known = legacy.rows(odd.file(DEP), name)
        assert [{a: r[a] for a in known[0]} for r in legacy.rows(written, name)] == known
    assert not (tmp_path / "out" / DAMAGED).exists()
    assert not (tmp_path / "out" / EMPTY).exists()
