"""The log goes to stderr and to a file, through a rotation, and a file that cannot be written stops nothing."""

import io
from pathlib import Path

import pytest
from support.site import Site

from service.errors import FileUnavailable
from service.logfile import Tee, last_lines


def test_what_is_logged_goes_to_both_and_on_in_a_new_file_after_a_rotation(tmp_path: Path) -> None:
    stream, path = io.StringIO(), tmp_path / "log" / "messaging.log"
    tee = Tee(stream, path)
    assert tee.write("one\n") == 4
    path.rename(path.with_suffix(".1"))
    tee.write("two\n")
    tee.flush()
    assert stream.getvalue() == "one\ntwo\n"
    assert (path.with_suffix(".1").read_text(), path.read_text()) == ("one\n", "two\n")
    assert last_lines(path, 5) == ["two"]


def test_a_file_that_cannot_be_written_is_told_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("a file where a folder should be")
    stream = io.StringIO()
    Tee(stream, tmp_path / "log" / "messaging.log").write("one\n")
    assert stream.getvalue().startswith("one\nmessaging: ")


def test_an_empty_log_is_no_log(site: Site) -> None:
    (site.root / "empty.log").touch()
    with pytest.raises(FileUnavailable, match="nothing was logged"):
        last_lines(site.root / "empty.log", 5)
