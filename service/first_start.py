"""The first start of a site: the store that is to answer must be seen to lack nothing (DESIGN.md section 7)."""

from contextlib import suppress
from dataclasses import replace

from service.conditions import archive_in_database
from service.errors import MessagingError
from service.preparation import silent, sync_known
from service.situation import Check, Situation, refusal, some
from service.storage.database import schema
from service.storage.dual import AWAY


def require_whole(situation: Situation) -> None:
    """Raise SwitchRefused where the store that answers reads in the stated profile lacks something."""
    if situation.target.reads == situation.stores.database.name:
        _require_archive(situation)
    else:
        _require_files(situation)


def _require_archive(situation: Situation) -> None:
    """Look whether all files are in the database; what it knows, but not as the files are, is brought up."""
    check = archive_in_database(situation)
    if not check.ok:
        try:
            situation = replace(situation, brought=sync_known(situation, silent))
        except MessagingError as error:
            raise refusal(situation.target, [check]) from error
        check = archive_in_database(situation)
    if not check.ok:
        raise refusal(situation.target, [check])


def _require_files(situation: Situation) -> None:
    """Look whether the files are known to lack something, by the marks or by a database, which need not be there."""
    left = set(situation.markers.depositions())
    with suppress(*AWAY):
        left |= set(schema.behind(situation.settings))
    if left:
        check = Check(
            "files_complete",
            ok=False,
            found=some(sorted(left), "lack in their files what the database has"),
            remedy="check that state_dir and database_url are the site's own; if state_dir was lost, run `msgmodule export`",
        )
        raise refusal(situation.target, [check])
