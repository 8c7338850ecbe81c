"""The public methods of upstream's classes are there, with upstream's names and defaults of their parameters."""

import inspect
from typing import Any

import pytest
from mmcif_utils.message import PdbxMessage
from mmcif_utils.message.PdbxMessageIo import PdbxMessageIo
from mmcif_utils.persist.LockFile import LockFile

from service import legacy

VALUES = ("PdbxMessageInfo", "PdbxMessageFileReference", "PdbxMessageOrigCommReference", "PdbxMessageStatus")
UPSTREAM = [PdbxMessageIo, LockFile, *(getattr(PdbxMessage, name) for name in VALUES)]


def methods(upstream: type) -> list[tuple[str, Any]]:
    found = inspect.getmembers(upstream, inspect.isfunction)
    return [(name, method) for name, method in found if not name.startswith("_") or name == "__init__"]


def parameters(method: Any) -> list[tuple[str, Any]]:
    return [(p.name, p.default) for p in inspect.signature(method).parameters.values()]


@pytest.mark.parametrize("upstream", UPSTREAM, ids=lambda upstream: str(upstream.__name__))
def test_every_public_method_is_there_and_takes_what_upstream_takes(upstream: type) -> None:
    ours = getattr(legacy, upstream.__name__)
    assert methods(upstream)
    for name, method in methods(upstream):
        theirs, mine = parameters(method), parameters(getattr(ours, name))
        assert mine[: len(theirs)] == theirs, name
        assert all(default is not inspect.Parameter.empty for _, default in mine[len(theirs) :]), name


@pytest.mark.parametrize("name", VALUES)
def test_a_value_is_set_by_the_name_that_upstream_has_for_it(name: str) -> None:
    for called, method in methods(getattr(PdbxMessage, name)):
        if called.startswith("set") and called != "set":
            _, (parameter, _) = parameters(method)
            for row in (getattr(PdbxMessage, name)(verbose=False), getattr(legacy, name)(verbose=False)):
                getattr(row, called)(**{parameter: "given"})
                assert getattr(row, called.replace("set", "get", 1))() == "given", called
                with pytest.raises(TypeError):
                    getattr(row, called)(nothing="given")
