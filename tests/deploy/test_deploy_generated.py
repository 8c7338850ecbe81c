"""What is made from the metric catalogue is as the catalogue says now."""

import from_catalogue


def test_the_generated_files_are_current() -> None:
    for path, text in from_catalogue.files().items():
        assert path.read_text(encoding="utf-8") == text, f"{path} is out of date: run `make generated`"
