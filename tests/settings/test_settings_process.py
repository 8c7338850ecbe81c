"""The folder of the metrics: what it may be."""

from pathlib import Path

import pytest

from settings import SettingsError, load
from settings.process import METRICS_VARIABLE, prepare_metrics


def test_an_empty_name_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(METRICS_VARIABLE, "")
    assert prepare_metrics(load({"MSGMODULE_STATE_DIR": str(tmp_path)})).is_absolute()


def test_a_folder_that_cannot_be_made_is_a_mistake_in_the_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(METRICS_VARIABLE, "/proc/nothere")
    with pytest.raises(SettingsError, match=f"{METRICS_VARIABLE}='/proc/nothere' cannot be made"):
        prepare_metrics(load({"MSGMODULE_STATE_DIR": str(tmp_path)}))
