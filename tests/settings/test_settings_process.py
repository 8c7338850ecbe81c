"""The folder of the metrics: what it may be, and that nothing else in it is touched."""

from pathlib import Path

import pytest

from settings import SettingsError, load
from settings.process import METRICS_VARIABLE, clear_metrics, prepare_metrics


def test_only_what_the_library_left_is_dropped(tmp_path: Path) -> None:
    ours = {
        "counter_12.db",
        "histogram_12.db",
        "counter_dead.db",
        "histogram_dead.db",
        "gauge_liveall_12.db",
        "gauge_mostrecent_12.db",
    }
    for name in (*ours, "messages.db", "counter_x.db", "counter_12.db-wal"):
        (tmp_path / name).touch()
    clear_metrics(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"messages.db", "counter_x.db", "counter_12.db-wal"}


def test_an_empty_name_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(METRICS_VARIABLE, "")
    assert prepare_metrics(load({"MSGMODULE_STATE_DIR": str(tmp_path)})).is_absolute()


def test_a_folder_that_cannot_be_made_is_a_mistake_in_the_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(METRICS_VARIABLE, "/proc/nothere")
    with pytest.raises(SettingsError, match=f"{METRICS_VARIABLE}='/proc/nothere' cannot be made"):
        prepare_metrics(load({"MSGMODULE_STATE_DIR": str(tmp_path)}))
