"""The stores that the contract is held against, each on a database of its own."""

import itertools
from collections.abc import Iterator

import pytest
from support.contract import SUBJECTS, subject

from service.storage.base import Store

_numbers = itertools.count(1)


@pytest.fixture
def group() -> str:
    """A group that no other test uses."""
    return f"G_{next(_numbers):07d}"


@pytest.fixture(scope="module", params=SUBJECTS)
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with subject(request.param, tmp_path_factory.mktemp("site")) as made:
        yield made


@pytest.fixture
def dep() -> str:
    """A deposition that no other test uses."""
    return f"D_{next(_numbers):010d}"
