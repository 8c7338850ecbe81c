"""Shadow reads: answers are compared with the other store when the caller has them, and what differs is told and mended."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from support.site import DEPOSITION, DUAL, PROFILES, Site

from service.services import Services

LIST = f"/api/v1/depositions/{DEPOSITION}/messages"


@pytest.fixture(params=DUAL)
def profile(request: pytest.FixtureRequest, legacy_site: Site) -> str:
    legacy_site.import_all()
    return str(request.param)


def read(
    site: Site, profile: str, meanwhile: Callable[[], object] = lambda: None, fraction: str = "1"
) -> tuple[dict[str, float], list[dict[str, Any]]]:
    """Read a deposition once; give what the shadow reads of the application counted, and the messages answered."""
    app = site.app(profile, MSGMODULE_SHADOW_READ_FRACTION=fraction)
    answer = site.client(app).get(LIST)
    assert answer.status_code == 200
    messages = json.loads(answer.data)["messages"]
    meanwhile()
    answer.close()
    found: Services = app.extensions["messaging"]
    lines = found.metrics.exposition().decode().splitlines()
    counted = [line for line in lines if line.startswith("messaging_shadow_reads_total{")]
    counts = {line.split('"')[1]: float(line.split()[-1]) for line in counted}
    return {outcome: count for outcome, count in counts.items() if count}, messages


def tamper(site: Site) -> None:
    """Change a row of the database as no store would: the signatures say that both are equal."""
    with create_engine(site.database_url).begin() as connection:
        connection.execute(text("UPDATE pdbx_deposition_message_info SET message_subject = 'other' WHERE position = 1"))


def mismatches(site: Site) -> list[dict[str, object]]:
    log = site.root / "state" / "mismatches.jsonl"
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def test_equal_stores_match(legacy_site: Site, profile: str) -> None:
    assert read(legacy_site, profile)[0] == {"match": 1}


def test_no_answer_is_compared_where_the_fraction_is_zero(legacy_site: Site, profile: str) -> None:
    assert read(legacy_site, profile, fraction="0")[0] == {}


def test_a_difference_is_told_with_its_fields_and_settled(legacy_site: Site, profile: str) -> None:
    tamper(legacy_site)
    counted, messages = read(legacy_site, profile)
    assert counted == {"mismatch": 1}
    rows = mismatches(legacy_site)[0]["rows"]
    assert isinstance(rows, list)
    assert {(row["message_id"], tuple(row["fields"])) for row in rows} >= {(messages[0]["message_id"], ("message_subject",))}
    assert "other" not in json.dumps(mismatches(legacy_site)), "the log says which fields differ, not what they say"
    assert read(legacy_site, profile)[0] == {"match": 1}


@pytest.mark.parametrize("profile", ["dual-write-db-read"], indirect=True)
def test_a_store_that_goes_away_meanwhile_costs_the_caller_nothing(legacy_site: Site, profile: str) -> None:
    archive = legacy_site.root / "data" / "archive"
    counted, messages = read(legacy_site, profile, lambda: archive.rename(legacy_site.root / "away"))
    assert len(messages) == 10
    assert counted == {"failed": 1}


@pytest.mark.parametrize("name", [PROFILES[0], PROFILES[3]])
def test_a_profile_with_one_store_observes_none(legacy_site: Site, name: str) -> None:
    legacy_site.import_all()
    assert read(legacy_site, name)[0] == {}


def test_a_write_is_not_compared(legacy_site: Site, profile: str, tmp_path: Path) -> None:
    app = legacy_site.app(profile, MSGMODULE_SHADOW_READ_FRACTION="1")
    body = {"content_type": "notes-from-annotator", "message_subject": "s", "message_text": "t", "sender": "a@b.org"}
    assert legacy_site.client(app).post(LIST, json=body).status_code == 201
    assert not (tmp_path / "state" / "mismatches.jsonl").exists()
