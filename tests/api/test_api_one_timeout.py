"""An outage costs a request one timeout at most: a database for which it waited in vain is not asked by it again."""

from collections.abc import Iterator

import pytest
from support.dual import DEP, away, drafted, first_call
from support.proxy import Proxy
from support.site import DUAL, Site

from service.errors import DatabaseUnavailable
from service.services import services_of
from service.storage.cif.lock import lock_of

URL = f"/api/v1/depositions/{DEP}/messages"


PATIENT = {
    "MSGMODULE_BREAKER_FAIL_MAX": "1000",
    "MSGMODULE_LOCK_TIMEOUT": "0.2",
    "MSGMODULE_DATABASE_READ_TIMEOUT": "1",
}


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes connections and says nothing."""
    proxy = Proxy(target=1)
    proxy.hang()
    yield f"mysql://root@127.0.0.1:{proxy.port}/messaging"
    proxy.close()


@pytest.mark.parametrize("profile", DUAL)
def test_each_request_waits_once_for_a_database_that_says_nothing(site: Site, profile: str, silent: str) -> None:
    both = drafted(site, profile)
    both.services.switching.start()
    with away(both):
        both.append("waits", has_new_id=True)
    app = Site(site.root, silent).app(profile, **PATIENT)
    client, guard = site.client(app), services_of(app).stores.database.guard
    assert guard is not None
    asked = [
        client.get(URL),
        client.patch(f"{URL}/m1", json={"message_text": "edited"}),
        client.post(f"{URL}/m1/read", json={}),
        client.post(URL, json={"message_text": "t"}),
        client.get("/api/v1/messages/recent?days=9999"),
    ]
    assert [answer.status_code for answer in asked] == [200, 200, 200, 201, 200]
    lock_of(both.file()).touch()
    assert client.post(URL, json={"message_text": "t"}).status_code == 503
    assert guard.failures <= len(asked) + 1


def test_a_database_that_is_back_is_asked_by_the_next_request(site: Site) -> None:
    drafted(site, DUAL[1])
    app = site.app(DUAL[1])
    client = site.client(app)
    database = services_of(app).stores.database
    assert client.get(URL).headers["X-Served-By"] == "database"
    assert database.guard is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database._database, "state", _fails)
        assert client.get(URL).headers["X-Served-By"] == "cif"
    assert client.get(URL).headers["X-Served-By"] == "database"


def test_a_connection_that_was_cut_while_idle_costs_a_request_nothing(site: Site) -> None:
    both = drafted(site, DUAL[1])
    both.services.switching.start()
    app = site.app(DUAL[1], **PATIENT)
    client = site.client(app)
    database = services_of(app).stores.database
    lock_of(both.file()).touch()
    with pytest.MonkeyPatch.context() as patch:
        first_call(database._database, "state", patch, _fails)
        sent = client.post(URL, json={"message_text": "t"})
    assert sent.json is not None
    assert (sent.status_code, sent.json["stores"]) == (201, {"cif": "behind", "database": "written"})


def _fails(*_: object) -> None:
    raise DatabaseUnavailable("the database does not answer")
