"""A signature tells one content of a file from another, also where the file system's clock cannot."""

import os
import zlib
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.site import make_site

from service.changes import AppendMessage, Change, MarkRead, Tag
from service.errors import FileUnavailable
from service.messages import Message
from service.storage.base import ABSENT, YOUNG, Observer, same_signature
from service.storage.cif import files, signature
from service.storage.cif.lock import Locks
from service.storage.cif.paths import Site
from service.storage.cif.signature import GRANULARITY, Comparer
from service.storage.cif.store import CifStore
from service.vocabulary import CONTENT_TYPES, NOTES, TO_DEPOSITOR

DEPOSITION, OTHER = "D_0000265933", "D_0000265934"
NOW = 1_800_000_000_000_000_000


def _append(content_type: str) -> AppendMessage:
    return AppendMessage(DEPOSITION, Message(content_type, None, "m1", DEPOSITION, "2026-01-02 03:04:05", message_text="x"))


def read(path: Path) -> tuple[bytes, str]:
    """Read a file that nobody writes meanwhile."""
    found = files.read(path)
    assert found is not None
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "messages.cif"
    made.write_bytes(b"content A")
    _set_time(made, NOW)
    return made


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The time of day in nanoseconds; a test moves it by setting its only element."""
    now = [NOW + 1]
    monkeypatch.setattr("time.time_ns", lambda: now[0])
    return now


def _set_time(path: Path, time_ns: int) -> None:
    os.utime(path, ns=(time_ns, time_ns))


def _rewrite_in_the_same_tick(path: Path, data: bytes) -> None:
    inode = path.stat().st_ino
    path.write_bytes(data)
    _set_time(path, NOW)
    assert path.stat().st_ino == inode


def test_a_rewrite_in_place_of_equal_size_in_the_same_tick_is_noticed(path: Path, clock: list[int]) -> None:
    _, recorded = read(path)
    comparer = Comparer()
    assert comparer.matches(path, recorded)

    _rewrite_in_the_same_tick(path, b"content B")

    assert not comparer.matches(path, recorded)
    clock[0] += 10 * GRANULARITY
    assert not comparer.matches(path, recorded), "noticed also when the file is looked at later"


def test_a_comparer_of_another_process_notices_such_a_rewrite_too(path: Path, clock: list[int]) -> None:
    _, recorded = read(path)
    _rewrite_in_the_same_tick(path, b"content B")
    clock[0] += 10 * GRANULARITY

    assert not Comparer().matches(path, recorded)


def test_a_file_as_recorded_matches_for_every_comparer_at_any_time(path: Path, clock: list[int]) -> None:
    _, recorded = read(path)
    comparer = Comparer()
    for _ in range(4):
        assert comparer.matches(path, recorded)
        assert Comparer().matches(path, recorded)
        clock[0] += GRANULARITY


def test_a_young_signature_becomes_conclusive_and_the_file_is_not_read_again(
    path: Path, clock: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[Path] = []
    real = Path.open

    def counted(self: Path, mode: str) -> IO[Any]:
        reads.append(self)
        return real(self, mode)

    monkeypatch.setattr(Path, "open", counted)
    _, recorded = read(path)
    assert recorded.endswith(YOUNG)
    comparer = Comparer()
    reads.clear()

    assert comparer.matches(path, recorded)
    assert len(reads) == 1, "while it is young it is read each time"
    assert comparer.matches(path, recorded)
    assert len(reads) == 2
    clock[0] += GRANULARITY
    assert comparer.matches(path, recorded)
    assert len(reads) == 3, "once old it is read a last time"
    for _ in range(3):
        assert comparer.matches(path, recorded)
    assert len(reads) == 3


def test_an_old_signature_is_compared_without_reading_the_file(
    path: Path, clock: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock[0] += GRANULARITY
    _, recorded = read(path)
    assert not recorded.endswith(YOUNG)
    monkeypatch.delattr(Path, "open")

    assert Comparer().matches(path, recorded)


def test_a_file_that_was_touched_but_is_equal_has_another_signature(path: Path, clock: list[int]) -> None:
    _, recorded = read(path)
    clock[0] += GRANULARITY
    _set_time(path, NOW + 1)

    assert not Comparer().matches(path, recorded)
    assert not same_signature(read(path)[1], recorded)


def test_an_equal_copy_put_in_its_place_with_its_time_has_another_signature(path: Path, clock: list[int]) -> None:
    clock[0] += GRANULARITY
    _, recorded = read(path)
    copy = path.with_name("copy")
    copy.write_bytes(path.read_bytes())
    _set_time(copy, NOW)
    copy.replace(path)

    assert not Comparer().matches(path, recorded)


def test_a_missing_file_is_as_recorded_only_where_it_was_recorded_absent(path: Path) -> None:
    _, recorded = read(path)
    assert not Comparer().matches(path, ABSENT)
    path.unlink()

    assert read(path) == (b"", ABSENT)
    assert Comparer().matches(path, ABSENT)
    assert not Comparer().matches(path, recorded)


def test_an_unknown_signature_matches_nothing(path: Path) -> None:
    assert not Comparer().matches(path, None)
    assert not Comparer().matches(path.with_name("missing"), None)
    assert not same_signature(None, None)


def test_the_signature_of_a_replaced_file_is_the_one_a_reader_finds(path: Path) -> None:
    signed = files.replace(path, [b"data_messages\n# \n"])

    data, found = read(path)

    assert data == b"data_messages\n# \n"
    assert same_signature(signed, found)
    assert Comparer().matches(path, signed)


def test_the_age_of_a_file_is_measured_from_its_time(path: Path, clock: list[int]) -> None:
    clock[0] = NOW + GRANULARITY - 1
    assert signature.is_young(path.stat().st_mtime_ns)
    clock[0] = NOW + GRANULARITY
    assert not signature.is_young(path.stat().st_mtime_ns)


@given(st.binary(max_size=40), st.binary(max_size=40), st.lists(st.binary(max_size=40), max_size=3))
def test_the_checksum_of_a_spliced_content_is_that_of_the_whole(begin: bytes, rest: bytes, new: list[bytes]) -> None:
    data = begin + rest
    signed = f"1-2-3-{zlib.crc32(data):08x}{YOUNG}"

    found = signature.spliced(signed, data, [memoryview(data)[: len(begin)], *new])

    assert found in {zlib.crc32(begin + b"".join(new)), None}
    assert (found is None) == (sum(map(len, new)) < len(rest))


@pytest.mark.parametrize("change", [_append(TO_DEPOSITOR), _append(NOTES), MarkRead(DEPOSITION, "m0")])
def test_the_signature_of_a_change_is_the_one_another_process_finds(tmp_path: Path, change: Change) -> None:
    tree = make_site(tmp_path, "", legacy=True)
    locks = Locks(tmp_path / "state", 1, Observer())
    store = CifStore(Site(tree.root / "data"), locks, create=True, observer=Observer())
    store.write(replace(_append(TO_DEPOSITOR), message=replace(_append(TO_DEPOSITOR).message, message_id="m0")))

    for one in (change, Tag(DEPOSITION, "m0", "N", "N", None)):
        applied = store.write(one)
        assert same_signature(applied.after, read(tree.file(DEPOSITION, applied.delta.content_type))[1])


@pytest.mark.parametrize("content", [b"", b"\n \n"])
def test_the_first_change_of_a_blank_file_is_signed_by_what_is_in_it(tmp_path: Path, content: bytes) -> None:
    tree = make_site(tmp_path, "")
    store = CifStore(Site(tree.root / "data"), Locks(tree.root / "state", 1, Observer()), create=True, observer=Observer())
    path = tree.file(DEPOSITION, NOTES)
    path.parent.mkdir()
    path.write_bytes(content)
    written = store.write(_append(NOTES))
    assert same_signature(written.after, read(path)[1])


def test_a_link_that_leads_nowhere_is_no_missing_file(tmp_path: Path) -> None:
    tree = make_site(tmp_path, "")
    store = CifStore(Site(tree.root / "data"), Locks(tree.root / "state", 1, Observer()), create=True, observer=Observer())
    path = tree.file(DEPOSITION, NOTES)
    path.parent.mkdir()
    path.symlink_to(tmp_path / "unmounted" / "notes")
    (tree.archive / OTHER).symlink_to(tmp_path / "unmounted")
    assert sorted(store.site.depositions()) == sorted([DEPOSITION, OTHER])
    for deposition in (DEPOSITION, OTHER):
        with pytest.raises(FileUnavailable):
            store.read(deposition)
    assert not store.matches(DEPOSITION, dict.fromkeys(CONTENT_TYPES, ABSENT))
