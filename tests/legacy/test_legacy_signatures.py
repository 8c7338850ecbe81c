"""The public methods of upstream's classes are there, with upstream's names and defaults of their parameters."""

import inspect
import io
from typing import Any

import pytest
from mmcif_utils.message import PdbxMessage
from mmcif_utils.message.PdbxMessageIo import PdbxMessageIo
from mmcif_utils.persist.LockFile import LockFile

from service import legacy

VALUES = ("PdbxMessageInfo", "PdbxMessageFileReference", "PdbxMessageOrigCommReference", "PdbxMessageStatus")
REQUIRED = inspect.Parameter.empty
STREAM = "standard error"
LOG = ("log", STREAM)
READ = [("depid", REQUIRED), ("b_use_cache", True), ("test_folder", None)]
#: Those of upstream's classes that need a whole OneDep site to be imported (reference section 14); of `AutoMessage` the
#: methods that need no mail.
STATED: dict[str, dict[str, list[tuple[str, Any]]]] = {
    "ExtractMessage": {
        "__init__": [("siteId", None), ("verbose", False), LOG],
        "getLastSentMessageDate": [READ[0], ("msgtodepositor", REQUIRED), *READ[1:]],
        "getLastSentMsgDatetime": READ,
        "getLastReceivedMsgDatetime": READ,
        "getLastMsgDatetime": [READ[0], ("to_from", "both"), *READ[1:]],
        "getLastUnlocked": READ,
        "getLastUnlockDatetime": READ,
        "getLastReleaseNoticeDatetime": READ,
        "getLastManualReminderDatetime": READ,
        "getLastAutoReminderDatetime": READ,
        "getLastValidation": READ,
        "getPendingDepositorMessages": READ,
        "convertStrToDatetime": [("s_datetime", REQUIRED)],
        "getApprovalNoCorrectSubjects": [],
    },
    "AutoMessage": {
        "__init__": [("siteId", None), ("topSessionDir", None), ("verbose", False), LOG],
        "sendSingleMessage": [
            ("depid", REQUIRED),
            ("subject", REQUIRED),
            ("msg", REQUIRED),
            ("testemail", None),
            ("p_tmpltType", "other"),
        ],
        "tagMessageStatus": [
            ("depId", REQUIRED),
            ("msgidlist", REQUIRED),
            ("actionReqd", "N"),
            ("forReleaseFlg", "N"),
        ],
        "getAllMsgsActioned": [("depId", REQUIRED)],
        "getAllMsgsRead": [("depId", REQUIRED)],
    },
}
UPSTREAM = [PdbxMessageIo, LockFile, *(getattr(PdbxMessage, name) for name in VALUES)]


def methods(upstream: type) -> list[tuple[str, Any]]:
    found = inspect.getmembers(upstream, inspect.isfunction)
    return [(name, method) for name, method in found if not name.startswith("_") or name == "__init__"]


def parameters(method: Any) -> list[tuple[str, Any]]:
    """Give names and defaults. Standard error is what it was when a module was imported, which pytest changes."""
    found = inspect.signature(method).parameters.values()
    return [(p.name, STREAM if isinstance(p.default, io.TextIOBase) else p.default) for p in found]


@pytest.mark.parametrize("upstream", UPSTREAM, ids=lambda upstream: str(upstream.__name__))
def test_every_public_method_is_there_and_takes_what_upstream_takes(upstream: type) -> None:
    ours = getattr(legacy, upstream.__name__)
    assert methods(upstream)
    for name, method in methods(upstream):
        theirs, mine = parameters(method), parameters(getattr(ours, name))
        assert mine[: len(theirs)] == theirs, name
        assert all(default is not inspect.Parameter.empty for _, default in mine[len(theirs) :]), name


@pytest.mark.parametrize("name", STATED)
def test_every_stated_method_is_there_and_takes_what_upstream_takes(name: str) -> None:
    ours = {called: parameters(method)[1:] for called, method in methods(getattr(legacy, name))}
    assert ours == STATED[name]


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
