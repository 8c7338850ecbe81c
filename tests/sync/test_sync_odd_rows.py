"""What a file may hold, however odd, is the same after file, database and a file written anew."""

from dataclasses import astuple
from pathlib import Path

import pytest
from support import legacy
from support.dual import DEP
from support.site import DUAL, LEGACY, Site, make_site

from service.messages import Correspondence
from service.vocabulary import CONTENT_TYPES, FROM_DEPOSITOR, NOTES, TO_DEPOSITOR

FRAME = "data_messages\n# \n"
INFO = (
    "ordinal_id message_id deposition_data_set_id timestamp sender context_type context_value parent_message_id "
    "message_subject message_text message_type send_status"
)
FILES = (
    "ordinal_id message_id deposition_data_set_id content_type content_format partition_number version_id storage_type "
    "upload_file_name"
)
ORIGINALS = (
    "ordinal_id message_id deposition_data_set_id orig_message_id orig_deposition_data_set_id orig_timestamp orig_sender "
    "orig_recipient orig_message_subject orig_attachments"
)
STATUS = "message_id deposition_data_set_id read_status action_reqd for_release"
PREFIX = "pdbx_deposition_message_"


def loop(category: str, attributes: str, *rows: str) -> str:
    head = "".join(f"_{PREFIX}{category}.{a} \n" for a in attributes.split())
    return f"loop_\n{head}" + "".join(f"{row} \n" for row in rows) + "# \n"


ODD = {
    "nothing but a status of an unknown message": {
        TO_DEPOSITOR: loop("status", STATUS, f"unknown {DEP} Y N N", f"? {DEP} ? ? ?", f"unknown {DEP} N N N")
    },
    "one id twice": {
        TO_DEPOSITOR: loop(
            "info",
            INFO,
            f"1 m {DEP} t s ? ? m a b text Y",
            f"1 m {DEP} t s ? ? m c d text N",
            f"2 n {DEP} t s ? ? m e f x Y",
        )
    },
    "one id in two files": {
        TO_DEPOSITOR: loop("info", INFO, f"1 m {DEP} t s ? ? m a b text Y"),
        FROM_DEPOSITOR: loop("info", INFO, f"1 m {DEP} t s ? ? m c d text Y"),
    },
    "question marks everywhere": {
        TO_DEPOSITOR: loop("info", INFO, "? ? ? ? ? ? ? ? ? ? ? ?", "? ? ? ? ? ? ? ? ? ? ? ?", ". . . . . . . . . . . ."),
        NOTES: loop("origcomm_reference", ORIGINALS, "? ? ? ? ? ? ? ? ? ?"),
    },
    "odd ordinals and times": {
        FROM_DEPOSITOR: loop(
            "info",
            INFO,
            f"07 a {DEP} 'last Monday' s ? ? 'in no file' a b text Y",
            f"-1 b {DEP} 0000-00-00 s ? ? a a b x maybe",
        )
    },
    "references of no message, and twice": {
        NOTES: loop(
            "file_reference",
            FILES,
            f"1 gone {DEP} model pdbx ? ? archive ?",
            *[f"x gone {DEP} model pdbx one V1 ? 'a b'"] * 2,
        )
    },
    "rows that state another deposition": {
        TO_DEPOSITOR: loop("info", INFO, "1 m D_9999999999 t s ? ? m a b text Y"),
        NOTES: loop("info", INFO, "1 n D_9999999998 t s ? ? n a b text Y"),
    },
}


def written(site: Site, files: dict[str, str]) -> None:
    (site.archive / DEP).mkdir()
    for content_type, text in files.items():
        site.file(DEP, content_type).write_text(FRAME + text)


def rows_of(correspondence: Correspondence) -> list[tuple[object, ...]]:
    return [astuple(row) for s in correspondence.sections for _, rows in s.categories() for row in rows]


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_file_is_the_same_in_the_database_and_in_a_file_written_anew(
    tmp_path: Path, database_url: str, odd: str
) -> None:
    site = make_site(tmp_path, database_url)
    site.initialise()
    written(site, ODD[odd])
    stores = site.services(DUAL[0]).stores
    before, bytes_before = stores.cif.read(DEP).correspondence, site.files()
    assert rows_of(before)
    site.import_all()
    assert stores.database.read(DEP).correspondence == before
    assert site.files() == bytes_before

    for path in (site.archive / DEP).iterdir():
        path.unlink()
    site.import_all()

    assert rows_of(stores.cif.read(DEP).correspondence) == rows_of(before)


def test_every_legacy_deposition_is_the_same_in_the_database_and_in_files_written_anew(
    tmp_path: Path, database_url: str
) -> None:
    if not LEGACY.is_dir():
        pytest.skip(f"the legacy files are not at {LEGACY}")
    site = make_site(tmp_path, database_url, legacy=True)
    site.initialise()
    stores = site.services(DUAL[0]).stores
    owners = list(stores.cif.site.depositions())
    before = {owner: stores.cif.read(owner).correspondence for owner in owners}
    said = {
        (o, c): legacy.rows(p) for o in owners for c in CONTENT_TYPES if (p := site.file(o, c)).exists() and p.stat().st_size
    }
    site.import_all()
    assert {owner: stores.database.read(owner).correspondence for owner in owners} == before

    for owner, content_type in said:
        site.file(owner, content_type).unlink()
    site.import_all()

    assert {owner: stores.cif.read(owner).correspondence for owner in owners} == before
    assert {key: legacy.rows(site.file(*key)) for key in said} == said
