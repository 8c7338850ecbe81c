"""The bounded memory keeps what is asked for, and never more than it may."""

from service.bounded import Bounded


def test_the_entry_not_asked_for_longest_goes_first() -> None:
    kept: Bounded[str, bytes] = Bounded(10, lambda _, value: len(value))
    kept.keep("a", b"1234")
    kept.keep("b", b"1234")
    assert kept.get("a") == b"1234"
    kept.keep("c", b"1234")
    assert (kept.get("a"), kept.get("b"), kept.get("c")) == (b"1234", None, b"1234")


def test_a_value_takes_the_place_and_the_size_of_the_older_one() -> None:
    kept: Bounded[str, bytes] = Bounded(10, lambda _, value: len(value))
    for _ in range(5):
        kept.keep("a", b"123456")
    kept.keep("b", b"1234")
    assert (kept.get("a"), kept.get("b")) == (b"123456", b"1234")


def test_a_key_counts_where_its_size_is_told() -> None:
    kept: Bounded[str, bytes] = Bounded(10, lambda key, value: len(key) + len(value))
    kept.keep("a long key", b"")
    kept.keep("b", b"")
    assert (kept.get("a long key"), kept.get("b")) == (None, b"")


def test_what_is_larger_than_everything_is_not_kept_and_costs_nobody_a_place() -> None:
    kept: Bounded[str, bytes] = Bounded(4, lambda _, value: len(value))
    kept.keep("a", b"1234")
    kept.keep("b", b"12345")
    assert (kept.get("a"), kept.get("b")) == (b"1234", None)
    kept.clear()
    assert kept.get("a") is None
