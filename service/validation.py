"""The checks of `msgmodule validate --integration` (rows S105-S109): the stores are used, nothing is looked up by name."""

import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

from flask import Flask

from service.changes import Amend, AppendMessage, EditDraft, MarkRead, Tag
from service.errors import MessagingError
from service.messages import Correspondence, FileReference, Message, OriginalCommunication
from service.storage.base import Observer, Store
from service.storage.build import Stores, build_stores
from service.storage.cif.document import FRAME
from service.vocabulary import TO_DEPOSITOR
from settings import DEFAULT, Profile, Settings, SettingsError
from settings.flags import FLAGS, profile_of_flags

PASS, FAIL, UNKNOWN = "PASS", "FAIL", "UNKNOWN"
#: How many of the 16 full and of the 64 partial statements of the four flags name a profile (seed requirements, section 3).
_FULL, _PARTIAL = 5, 8
_QUICK = ("tests/test_changes.py", "tests/test_messages.py", "tests/test_summary.py", "tests/storage/cif/test_cif_splice.py")
_TEXT = "Å; 1.7 'and' \"more\"\n;a line\n_and_ &amp; more "


@dataclass(frozen=True, slots=True)
class Result:
    """One check: PASS, FAIL, or UNKNOWN where it could not be made."""

    name: str
    verdict: str
    found: str


def validate(settings: Settings, profile: Profile) -> list[Result]:
    """Make every check, but for a store that the profile does not use and nobody has named."""
    # a scratch deposition is a new one, whatever the site allows its callers
    found = build_stores(Flask("validate"), replace(settings, create_depositions=True), Observer())
    checks: dict[str, Callable[[], str]] = {
        "backend_selection": _selection,
        "cif_backend": lambda: _cif(found),
        "database_backend": lambda: _database(found),
        "test_suite": _tests,
    }
    named = {found.cif.name: "cif_root", found.database.name: "database_url"}
    unused = {
        f"{name}_backend" for name, key in named.items() if name not in profile.writes and settings.origins[key] == DEFAULT
    }
    return [_result(name, check) for name, check in checks.items() if name not in unused]


def _result(name: str, check: Callable[[], str]) -> Result:
    try:
        return Result(name, PASS, check())
    except _Unknown as error:
        return Result(name, UNKNOWN, str(error))
    except _Wrong as error:
        return Result(name, FAIL, str(error))
    except MessagingError as error:
        return Result(name, FAIL, error.message)


class _Wrong(Exception):
    """A check that found a fault."""


class _Unknown(Exception):
    """A check that could not be made here."""


def _selection() -> str:
    """Count what the statements of the four flags lead to."""
    accepted = {3: 0, 2: 0}
    for row in product(("true", "false", ""), repeat=len(FLAGS)):
        stated = {name: text for name, text in zip(FLAGS, row, strict=True) if text}
        try:
            named = profile_of_flags(stated)
        except SettingsError:
            continue
        if named is not None:
            accepted[3 if len(stated) == len(FLAGS) else 2] += 1
    if accepted != {3: _FULL, 2: _PARTIAL}:
        raise _Wrong(f"{accepted[3]} full and {accepted[2]} partial statements name a profile, not {_FULL} and {_PARTIAL}")
    return f"{_FULL} of 16 full and {_PARTIAL} of 64 partial statements name a profile, the others are refused"


def _cif(found: Stores) -> str:
    """Work on a scratch deposition in the real tree, under a name that no program lists."""
    scratch = f".validate-{uuid.uuid4().hex[:12]}"
    site = found.cif.site
    site.require_root("D_0")
    try:
        _use(found.cif, scratch)
        [path] = [p for p in site.directory(scratch).iterdir() if p.name.endswith(".V1")]
        if not path.read_bytes().startswith(FRAME) or not path.read_bytes().isascii():
            raise _Wrong(f"{path} is not in the form that the legacy programs read")
        if path.with_name(f"{path.name}.lock").exists():
            raise _Wrong(f"{path}.lock was left")
    finally:
        shutil.rmtree(site.directory(scratch), ignore_errors=True)
    return "stored, edited, tagged, attached and read back; form and lock are right"


def _database(found: Stores) -> str:
    """Work on a scratch deposition in the real tables, and remove it."""
    scratch = f"validate-{uuid.uuid4().hex[:12]}"
    try:
        _use(found.database, scratch)
    finally:
        found.database.remove_scratch(scratch)
    return "stored, edited, tagged, attached and read back in the real tables"


def _use(store: Store, scratch: str) -> None:
    """Do with one message all that the service does, and compare what is read with what was meant."""
    draft = Message(TO_DEPOSITOR, None, "m", scratch, "2026-01-02 03:04:05", "JD", message_text="draft", send_status="N")
    files = (FileReference(None, "m", scratch, "model", "pdbx", "1", "1", "archive"),)
    store.apply(AppendMessage(scratch, draft, files, (OriginalCommunication(None, "m", scratch, orig_sender="a@b.org"),)))
    store.apply(EditDraft(scratch, TO_DEPOSITOR, "m", draft.timestamp or "", {"message_text": _TEXT, "send_status": "Y"}))
    sent = replace(draft, ordinal_id="1", message_text=_TEXT, send_status="Y")
    store.apply(Amend(scratch, sent, sent, (replace(files[0], content_format="pdb"),)))
    store.apply(MarkRead(scratch, "m"))
    store.apply(Tag(scratch, "m", "Y", "N", "Y"))
    _compare(store.read(scratch).correspondence, sent)


def _compare(read: Correspondence, sent: Message) -> None:
    status = read.status("m")
    flags = status and (status.read_status, status.action_reqd, status.for_release)
    if read.messages != (sent,) or flags != ("Y", "N", "Y"):
        raise _Wrong("what was read back is not what was written")
    if [f.content_format for f in read.references("m")] != ["pdbx", "pdb"] or len(read.originals("m")) != 1:
        raise _Wrong("the references read back are not those written")


def _tests() -> str:
    """Run the unit tests of a checkout; an installed package has none."""
    root = Path(__file__).parents[1]
    if not (root / "tests").is_dir():
        raise _Unknown("no tests are installed; run this in a checkout")
    command = [sys.executable, "-m", "pytest", "-q", *_QUICK]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)  # noqa: S603
    lines = (done.stdout or done.stderr).strip().splitlines()
    if "No module named pytest" in done.stderr:
        raise _Unknown("pytest is not installed; run `make install-dev`")
    if done.returncode != 0:
        raise _Wrong(f"pytest ended with {done.returncode}: {lines[-1] if lines else 'it said nothing'}")
    return lines[-1]
