"""Small files appear whole and durable or not at all; a fault names the file."""

import os
import resource
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from service.errors import FileUnavailable
from service.storage.durable import append_line, exclusive, faults, sync_path, write_new

ROOT = Path(__file__).parents[2]

HOLDER = """
import sys, pathlib
from service.storage.durable import exclusive
with exclusive(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""
WRITER = """
import sys, pathlib
from service.storage.durable import append_line
for n in range(200):
    append_line(pathlib.Path(sys.argv[1]), f"{sys.argv[2]}-{n}-".encode() + b"x" * 300)
"""


def _process(program: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


@contextmanager
def _largest_file(size: int) -> Iterator[None]:
    """Let the kernel take only so many bytes into one file, as a disk that fills up does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("mode", [0o600, 0o640])
def test_a_new_file_is_whole_and_has_its_mode_whatever_the_umask(tmp_path: Path, mode: int) -> None:
    old = os.umask(0o777)
    try:
        write_new(tmp_path / "state.json", b"{}", mode)
    finally:
        os.umask(old)

    assert (tmp_path / "state.json").read_bytes() == b"{}"
    assert stat.S_IMODE((tmp_path / "state.json").stat().st_mode) == mode
    assert [p.name for p in tmp_path.iterdir()] == ["state.json"]


def test_a_file_that_cannot_be_written_whole_leaves_the_old_one_and_nothing_beside_it(tmp_path: Path) -> None:
    write_new(tmp_path / "state.json", b"old")

    with _largest_file(100), pytest.raises(OSError, match="too large"):
        write_new(tmp_path / "state.json", b"x" * 1000)

    assert (tmp_path / "state.json").read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["state.json"]


def test_content_reaches_the_disk_before_the_name_and_the_name_before_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = _recorded(monkeypatch)

    write_new(tmp_path / "state.json", b"{}")

    assert steps == ["content", "rename", "directory"]


def _recorded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record, in order, what is synced and when a file gets its name."""
    steps: list[str] = []
    fsync, rename = os.fsync, Path.replace

    def recorded_fsync(descriptor: int) -> None:
        steps.append("directory" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "content")
        fsync(descriptor)

    def recorded_rename(self: Path, target: Path) -> Path:
        steps.append("rename")
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", recorded_fsync)
    monkeypatch.setattr(Path, "replace", recorded_rename)
    return steps


def test_a_reader_sees_the_old_or_the_new_content_and_nothing_else(tmp_path: Path) -> None:
    path, contents = tmp_path / "state.json", [bytes([65 + n]) * 20_000 for n in range(8)]
    write_new(path, contents[0])
    done = threading.Event()

    def write() -> None:
        for n in range(200):
            write_new(path, contents[n % 8])
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not done.is_set():
        assert path.read_bytes() in contents
    writer.join()


def test_lines_of_several_processes_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "state" / "audit.jsonl"
    writers = [_process(WRITER, str(path), name) for name in ("one", "two", "three")]
    for writer in writers:
        writer.communicate()
        assert writer.returncode == 0

    lines = path.read_bytes().split(b"\n")
    assert lines.pop() == b""
    assert sorted(lines) == sorted(f"{w}-{n}-".encode() + b"x" * 300 for w in ("one", "two", "three") for n in range(200))


def test_a_line_that_does_not_fit_the_disk_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    append_line(path, b"first")

    with _largest_file(100), pytest.raises(OSError, match=r".+"):
        append_line(path, b"x" * 1000)


def test_after_a_line_that_did_not_fit_the_next_one_is_a_line_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    append_line(path, b"first")
    with _largest_file(100), pytest.raises(OSError, match=r".+"):
        append_line(path, b"x" * 1000)

    append_line(path, b"last")

    assert path.read_bytes().split(b"\n")[-2:] == [b"last", b""]


def test_what_a_crash_cut_short_does_not_take_the_next_line_with_it(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"whole\nha")
    append_line(path, b"next")
    assert path.read_bytes() == b"whole\nha\nnext\n"


def test_the_first_line_makes_the_directory_entry_durable_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = _recorded(monkeypatch)

    append_line(tmp_path / "audit.jsonl", b"first")

    assert steps[0] == "content"
    assert "directory" in steps


def test_an_exclusive_section_keeps_every_other_process_out_until_it_is_left(tmp_path: Path) -> None:
    entered = threading.Event()

    def enter() -> None:
        with exclusive(tmp_path / "lock"):
            entered.set()

    with _process(HOLDER, str(tmp_path / "lock")) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        waiting = threading.Thread(target=enter)
        waiting.start()
        assert not entered.wait(0.1)
        holder.kill()
        waiting.join()
    assert entered.is_set(), "a crash of the holder gives the lock up"


def test_a_lock_file_that_cannot_be_made_is_unavailable_and_named(tmp_path: Path) -> None:
    (tmp_path / "state").touch()

    with pytest.raises(FileUnavailable, match="state"), exclusive(tmp_path / "state" / "lock"):
        pytest.fail("there is nothing to lock")


def test_a_fault_names_the_file_and_what_the_system_said(tmp_path: Path) -> None:
    with pytest.raises(FileUnavailable) as refused, faults(tmp_path / "x.cif"):
        (tmp_path / "x.cif").read_bytes()

    assert refused.value.status == 503
    assert refused.value.message.startswith(f"{tmp_path / 'x.cif'}: No such file or directory; ")
    assert refused.value.details == {"path": str(tmp_path / "x.cif")}


def test_only_the_faults_of_the_system_are_translated(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), faults(tmp_path):
        raise ZeroDivisionError


def test_a_directory_that_is_not_there_cannot_be_synced(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        sync_path(tmp_path / "gone")


def test_what_root_makes_belongs_to_whom_the_directory_belongs(tmp_path: Path) -> None:
    os.chown(tmp_path, 1234, 2345)
    write_new(tmp_path / "made", b"x")
    made = (tmp_path / "made").stat()
    assert (made.st_uid, made.st_gid) == (1234, 2345)
