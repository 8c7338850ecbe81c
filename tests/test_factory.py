"""The seed's entry point in a program of its own: `MessagingFactory` and the module's functions over the active profile."""

from collections.abc import Callable
from typing import Any

import pytest
from support.command import DOWN, msgmodule
from support.site import PROFILES, Site

from service.errors import Conflict, DatabaseUnavailable, InvalidInput, NotFound, SwitchRefused
from service.factory import MessagingFactory, create_messaging_service, get_backend_info
from service.legacy import PdbxMessageInfo
from settings import SettingsError
from settings.flags import FLAGS

DEP = "D_1000000001"
DATA = {"sender": "JD", "message_text": "1.7 Å, as agreed", "message_type": "text"}
#: The phases as the seed prints them: the three exports of each.
PHASES = {"TxTT": "dual-write-cif-read", "TTTx": "dual-write-db-read", "TTFx": "db-only"}


def enter(monkeypatch: pytest.MonkeyPatch, site: Site, profile: str = "", **more: str) -> None:
    for name, value in site.environ(profile, **more).items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("profile", PROFILES)
def test_what_is_set_is_got_and_exists_in_every_profile(site: Site, monkeypatch: pytest.MonkeyPatch, profile: str) -> None:
    enter(monkeypatch, site, profile)
    messaging = MessagingFactory.create_messaging_service(verbose=True, site_id="RCSB")
    done = messaging.set(deposition_id=DEP, message_data=DATA)
    stores = site.settings(profile).profile.writes
    assert done["stores"] == dict.fromkeys(stores, "written")
    [message] = messaging.get(deposition_id=DEP)
    assert message["message_id"] == message["parent_message_id"] == done["message_id"]
    assert (message["message_text"], message["sender"]) == (DATA["message_text"], DATA["sender"])
    assert (message["content_type"], message["message_subject"]) == ("messages-to-depositor", None)
    assert messaging.exists(DEP, str(done["message_id"]))
    assert not messaging.exists(DEP, "another")
    assert not messaging.exists("D_1000000002", str(done["message_id"]))
    assert site.file(DEP).exists() == ("cif" in stores)


@pytest.mark.parametrize(("row", "profile"), list(PHASES.items()))
def test_the_exports_of_each_phase_as_printed_give_its_profile(
    site: Site, monkeypatch: pytest.MonkeyPatch, row: str, profile: str
) -> None:
    enter(monkeypatch, site)
    for flag, letter in zip(FLAGS, row, strict=True):
        if letter != "x":
            monkeypatch.setenv(flag, "true" if letter == "T" else "false")
    info = get_backend_info()
    assert info["profile"] == profile
    assert create_messaging_service().set(DEP, DATA)["message_id"]


def test_the_same_message_id_is_the_same_message(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    enter(monkeypatch, site, "dual-write-cif-read")
    messaging = create_messaging_service(object(), verbose=True)
    data = DATA | {"message_id": "m-1", "timestamp": "2020-02-29 01:02:03"}
    assert [messaging.set(DEP, data)["repeated"] for _ in range(2)] == [False, True]
    assert [m["timestamp"] for m in messaging.get(DEP)] == ["2020-02-29 01:02:03"]
    with pytest.raises(Conflict):
        messaging.set(DEP, data | {"message_text": "another"})


def test_an_empty_text_that_is_stated_is_taken_and_comes_back_as_none(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    enter(monkeypatch, site, "dual-write-db-read")
    messaging = create_messaging_service()
    assert messaging.set(DEP, {"sender": "JD", "message_text": ""})["repeated"] is False
    assert [m["message_text"] for m in messaging.get(DEP)] == [None]


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "message_text"),
        ({"sender": "JD", "message_type": "text"}, "message_text"),
        ({"message_text": "x", "colour": "red"}, "colour"),
        ({"message_text": "x", "timestamp": "yesterday"}, "timestamp"),
        ({"message_text": "x", "ordinal_id": 0.5}, "ordinal_id"),
        ({"message_text": "x", "deposition_data_set_id": "D_2"}, "deposition_data_set_id"),
    ],
)
def test_data_that_is_no_message_is_refused_naming_the_field(
    site: Site, monkeypatch: pytest.MonkeyPatch, data: dict[str, object], field: str
) -> None:
    enter(monkeypatch, site, "cif-only")
    with pytest.raises(InvalidInput, match=field):
        create_messaging_service().set(DEP, data)
    assert site.files() == {}


def test_every_attribute_of_a_message_is_taken_and_the_store_numbers_it(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    enter(monkeypatch, site, "cif-only")
    messaging = create_messaging_service()
    row = PdbxMessageInfo(verbose=False).set({"sender": "JD", "message_text": "x", "ordinal_id": 7})
    for given in (row, row | {"ordinal_id": "7"}):
        assert messaging.set(DEP, given)["message_id"] == row["message_id"]
    [message] = messaging.get(DEP)
    attributes = ("message_id", "timestamp", "sender", "send_status", "message_text")
    assert {name: message[name] for name in attributes} == {name: row[name] for name in attributes}
    assert message["ordinal_id"] == "1"


def test_nothing_is_got_only_where_nothing_is_known_to_be_there(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    enter(monkeypatch, site, "cif-only")
    messaging = create_messaging_service()
    with pytest.raises(NotFound):
        messaging.get(DEP)
    site.file(DEP).parent.mkdir()
    assert messaging.get(DEP) == []
    with pytest.raises(InvalidInput):
        messaging.get("../etc")


def test_a_database_that_is_down_is_an_error_and_no_empty_answer(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    enter(monkeypatch, site, "db-only")
    messaging = create_messaging_service()
    messaging.set(DEP, DATA)
    enter(monkeypatch, Site(site.root, DOWN), "db-only")
    messaging = create_messaging_service()
    for call in (lambda: messaging.get(DEP), lambda: messaging.exists(DEP, "x"), lambda: messaging.set(DEP, DATA)):
        with pytest.raises(DatabaseUnavailable) as error:
            call()
        assert error.value.details["deposition_data_set_id"] == DEP


def test_a_switch_is_followed_at_the_next_call(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    enter(monkeypatch, site)
    site.app("cif-only")
    messaging = create_messaging_service()
    assert set(messaging.set(DEP, DATA)["stores"]) == {"cif"}  # type: ignore[call-overload]
    assert msgmodule(site, "profile", "switch", "phase-1", "--reason", "r").returncode == 0
    assert set(messaging.set(DEP, DATA)["stores"]) == {"cif", "database"}  # type: ignore[call-overload]
    assert get_backend_info()["profile"] == "dual-write-cif-read"


def test_an_idle_program_holds_up_no_switch(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    enter(monkeypatch, site)
    monkeypatch.delenv("MSGMODULE_ENV", raising=False)
    assert msgmodule(site, "profile", "switch", "phase-1", "--reason", "r").returncode == 0
    messaging = create_messaging_service()
    messaging.set(DEP, DATA)
    done = msgmodule(site, "profile", "switch", "cif-only", "--reason", "r", profile="")
    assert done.returncode == 0, done.stderr
    done = msgmodule(site, "profile", "switch", "phase-1", "--reason", "r", profile="")
    assert done.returncode == 0, done.stderr
    assert len(messaging.get(DEP)) == 1


def test_a_program_moves_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.app("dual-write-cif-read")
    enter(monkeypatch, site, "cif-only")
    with pytest.raises(SwitchRefused, match="profile switch cif-only"):
        create_messaging_service()
    monkeypatch.delenv("MSGMODULE_ENV")
    assert get_backend_info()["profile"] == "dual-write-cif-read"


def test_a_program_decides_no_profile_that_nobody_stated(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    enter(monkeypatch, site, "")
    monkeypatch.delenv("MSGMODULE_ENV")
    assert create_messaging_service().set(DEP, DATA)["stores"] == {"cif": "written"}
    assert not (site.root / "state" / "profile.json").exists()


def test_another_site_is_refused_also_where_a_request_object_names_it(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    class Request:
        def getValue(self, name: str) -> str:
            return "PDBJ" if name == "WWPDB_SITE_ID" else ""

    enter(monkeypatch, site, "cif-only")
    for named in ({"req_obj": Request()}, {"site_id": "PDBJ"}):
        with pytest.raises(SettingsError, match="MSGMODULE_SITE_ID"):
            MessagingFactory.create_messaging_service(**named)
    monkeypatch.setenv("MSGMODULE_SITE_ID", "PDBJ")
    assert get_backend_info(Request())["site_id"] == "PDBJ"


@pytest.mark.parametrize(
    ("profile", "selected", "made"),
    [
        ("cif-only", "cif", "FilesAlone"),
        ("dual-write-cif-read", "dual", "FilesAnswer"),
        ("dual-write-db-read", "dual", "DatabaseAnswers"),
        ("db-only", "database", "DatabaseAlone"),
    ],
)
def test_the_backend_info_describes_what_is_made(
    site: Site, monkeypatch: pytest.MonkeyPatch, profile: str, selected: str, made: str
) -> None:
    server = Site(site.root, "mysql://me:hunter2@db.example.org:3307/messages")
    enter(monkeypatch, server if profile == "dual-write-cif-read" else site, profile)
    info = get_backend_info()
    assert (info["selected_backend"], info["backend_class"], info["site_id"]) == (selected, made, "RCSB")
    assert ("database_config" in info) == (profile != "cif-only")
    assert "hunter2" not in str(info)
    if profile == "dual-write-cif-read":
        place = {"host": "db.example.org", "port": 3307, "database": "messages", "has_credentials": True}
        assert info["database_config"] == place
        flags = {"database_writes": True, "database_reads": False, "cif_writes": True, "cif_reads": True}
        assert info["feature_flags"] == flags


def test_a_refused_combination_of_flags_raises(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    enter(monkeypatch, site, MSGDB_WRITES_ENABLED="true")
    with pytest.raises(SettingsError, match="MSGDB_WRITES_ENABLED"):
        get_backend_info()


@pytest.mark.parametrize("value", [None, 5, b"D_1000000001", ["D_1000000001"], {"id": "D_1000000001"}])
def test_a_value_of_another_type_is_refused_naming_what_it_was_given_for(
    site: Site, monkeypatch: pytest.MonkeyPatch, value: Any
) -> None:
    enter(monkeypatch, site, "cif-only")
    messaging = create_messaging_service()
    calls: list[tuple[str, Callable[[], object]]] = [
        ("deposition_id", lambda: messaging.get(value)),
        ("deposition_id", lambda: messaging.set(value, DATA)),
        ("deposition_id", lambda: messaging.exists(value, "m")),
        ("message_id", lambda: messaging.exists(DEP, value)),
        ("message_id", lambda: messaging.mark_read(DEP, value)),
        ("message_text|dictionary", lambda: messaging.set(DEP, value)),
    ]
    for field, call in calls:
        with pytest.raises(InvalidInput, match=field):
            call()
    assert site.files() == {}
