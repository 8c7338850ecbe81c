"""A verify of a deposition that is written meanwhile: it is looked at again until it stands still, and found in the end."""

import time
from collections.abc import Callable, Iterator
from itertools import chain, repeat
from types import SimpleNamespace

import pytest
from support import legacy
from support.dual import DEP, QUICK, Dual, dual, verifier
from support.site import DUAL, Site

from service.storage.markers import Markers
from service.sync import verify
from service.sync.verify import Outcome

Step = Callable[[Dual], object]


@pytest.fixture(params=DUAL)
def both(request: pytest.FixtureRequest, site: Site) -> Dual:
    made = dual(site, request.param, **QUICK)
    made.append("m1")
    made.read()
    assert made.is_equal()
    return made


def by_another(both: Dual) -> None:
    legacy.append(both.file(), message_id=f"theirs-{time.time_ns()}", message_subject="s", message_text="t")


def by_the_database(both: Dual) -> None:
    dual(both.site, "db-only", **QUICK).append(f"ours-{time.time_ns()}")


def found(both: Dual, steps: Iterator[Step]) -> list[Outcome]:
    """Verify a deposition to which something happens at each pause."""
    with pytest.MonkeyPatch.context() as patch:
        slept = SimpleNamespace(monotonic=time.monotonic, sleep=lambda _: next(steps)(both))
        patch.setattr(verify, "time", slept)
        return [finding.outcome for finding in verifier(both).run([DEP])]


def test_one_that_differs_and_is_written_all_the_time_is_found_all_the_same(both: Dual) -> None:
    by_another(both)
    assert found(both, repeat(by_another)) == [Outcome.DIFFERING]


@pytest.mark.parametrize("written", [by_another, by_the_database])
def test_one_that_is_written_at_a_look_is_looked_at_again(both: Dual, written: Step) -> None:
    written(both)
    assert found(both, chain([written, Dual.read], repeat(lambda _: None))) == [Outcome.EQUAL]


def test_one_that_stood_still_is_looked_at_twice(both: Dual) -> None:
    by_another(both)
    assert found(both, iter([lambda _: None])) == [Outcome.DIFFERING]


def test_a_mark_alone_keeps_the_stores_from_being_known_as_equal(both: Dual) -> None:
    """A worker set it that was killed before its change."""
    Markers(both.site.root / "state").set(DEP)
    assert found(both, repeat(lambda _: None)) == [Outcome.DIFFERING]
    both.read()
    assert found(both, iter(())) == [Outcome.EQUAL]
