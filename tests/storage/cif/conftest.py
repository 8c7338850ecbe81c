"""What the tests of the files begin with; some bring a tree of their own."""

from pathlib import Path

import pytest
from support.site import Site, make_site


@pytest.fixture
def tree(tmp_path: Path) -> Site:
    """The tree of a site, empty."""
    return make_site(tmp_path, "")
