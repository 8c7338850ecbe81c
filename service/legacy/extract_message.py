"""`ExtractMessage`: when what was last said in a deposition (reference section 14). Times are naive datetimes in GMT.

What cannot be read is an error, and no date (K15); a deposition that is not known has no messages.
"""

import sys
from datetime import datetime
from pathlib import Path
from typing import TextIO

from service.clock import TIMESTAMP
from service.errors import NotFound
from service.factory import site_program
from service.ids import read_deposition_id
from service.legacy.place import file_place
from service.legacy.rows import Dictionary, shown
from service.message_service import MessageService
from service.messages import Correspondence, Message, Section
from service.vocabulary import (
    APPROVAL_WITHOUT_CORRECTIONS,
    FROM_DEPOSITOR,
    MAJOR_ISSUE,
    NOTES,
    TO_DEPOSITOR,
    YES,
)

_AUTOMATIC = "auto"  # the sender that automatic messages are signed with
_REMINDER = "Still awaiting feedback for"
_READY = "processed files are ready for your review"


class ExtractMessage:
    """Look dates up; `b_use_cache` is taken for upstream's callers, unchanged files are read once in any case.

    `test_folder` names a folder whose files are read instead of the site's; where there is none, nothing was said.
    """

    def __init__(self, siteId: str | None = None, verbose: bool = False, log: TextIO = sys.stderr) -> None:
        self._program = site_program(siteId)

    def getLastSentMessageDate(
        self, depid: str, msgtodepositor: bool, b_use_cache: bool = True, test_folder: str | None = None
    ) -> datetime | None:
        """Give the time of the last sent message to the depositor, or of the last one from there."""
        return _latest(self._messages(depid, TO_DEPOSITOR if msgtodepositor else FROM_DEPOSITOR, test_folder))

    def getLastSentMsgDatetime(
        self, depid: str, b_use_cache: bool = True, test_folder: str | None = None
    ) -> datetime | None:
        return _latest(self._messages(depid, TO_DEPOSITOR, test_folder))

    def getLastReceivedMsgDatetime(
        self, depid: str, b_use_cache: bool = True, test_folder: str | None = None
    ) -> datetime | None:
        return _latest(self._messages(depid, FROM_DEPOSITOR, test_folder))

    def getLastMsgDatetime(
        self, depid: str, to_from: str = "both", b_use_cache: bool = True, test_folder: str | None = None
    ) -> datetime | None:
        """Give the time of the last sent message, `to` or `from` the depositor or `both`. Raises ValueError for others."""
        kinds = {"both": (TO_DEPOSITOR, FROM_DEPOSITOR), "to": (TO_DEPOSITOR,), "from": (FROM_DEPOSITOR,)}
        if to_from not in kinds:
            raise ValueError(f"to_from={to_from!r} is none of {', '.join(kinds)}")
        return _latest(tuple(m for kind in kinds[to_from] for m in self._messages(depid, kind, test_folder)))

    def getLastUnlocked(self, depid: str, b_use_cache: bool = True, test_folder: str | None = None) -> str | None:
        """Give the time of the last unlock message as the file keeps it."""
        found = [
            m
            for m in self._messages(depid, TO_DEPOSITOR, test_folder)
            if m.context_type == "system-unlocked" or m.message_subject == "System Unlocked"
        ]
        return _last(found).timestamp if found else None

    def getLastUnlockDatetime(self, depid: str, b_use_cache: bool = True, test_folder: str | None = None) -> datetime | None:
        return _time(self.getLastUnlocked(depid, b_use_cache, test_folder))

    def getLastReleaseNoticeDatetime(
        self, depid: str, b_use_cache: bool = True, test_folder: str | None = None
    ) -> datetime | None:
        messages = self._messages(depid, TO_DEPOSITOR, test_folder)
        return _time_of(_about(messages, ("release-publ", "release-nopubl"), "Release of"))

    def getLastManualReminderDatetime(
        self, depid: str, b_use_cache: bool = True, test_folder: str | None = None
    ) -> datetime | None:
        """Give the time of the last reminder that an annotator sent; automatic ones are told by their sender (K17)."""
        messages = self._messages(depid, TO_DEPOSITOR, test_folder)
        return _time_of(_about([m for m in messages if m.sender != _AUTOMATIC], ("reminder",), _REMINDER))

    def getLastAutoReminderDatetime(
        self, depid: str, b_use_cache: bool = True, test_folder: str | None = None
    ) -> datetime | None:
        """Give the time of the last automatic reminder, in the letters or, as older ones are, in the notes (K17)."""
        letters = [m for m in self._messages(depid, TO_DEPOSITOR, test_folder) if m.sender == _AUTOMATIC]
        notes = self._messages(depid, NOTES, test_folder)
        found = [_time_of(_about(rows, ("reminder", "reminder-auth-to-rel"), _REMINDER)) for rows in (letters, notes)]
        return max((time for time in found if time), default=None)

    def getLastValidation(
        self, depid: str, b_use_cache: bool = True, test_folder: str | None = None
    ) -> tuple[datetime | None, bool | None]:
        """Give the time of the last validation letter, and whether it spoke of major issues; neither where there is none."""
        section = self._section(depid, TO_DEPOSITOR, test_folder)
        letters = [m for m in section.messages if m.context_type in ("vldtn", "maponly-authstatus-em")]
        if letters:
            last = _last(letters)
            return _time(last.timestamp), last.context_value == MAJOR_ISSUE
        with_report = {f.message_id for f in section.files if f.content_type == "validation-report-annotate"}
        sent = [m for m in section.messages if m.send_status == YES and m.message_id in with_report]
        ready = [m for m in sent if _READY in (m.message_subject or "").lower() and _time(m.timestamp)]
        if not ready:
            return None, None
        latest = max(ready, key=lambda m: m.timestamp or "")
        return _time(latest.timestamp), "Some major issues" in (latest.message_text or "")

    def getPendingDepositorMessages(
        self, depid: str, b_use_cache: bool = True, test_folder: str | None = None
    ) -> list[Dictionary]:
        """Give the site's messages from the depositor that nobody has dealt with: without flags, or with action required."""
        found = self._correspondence(depid)
        flags = {s.message_id: s.action_reqd for s in reversed(found.statuses)}
        received = found.section(FROM_DEPOSITOR).messages
        return [shown(m) for m in received if flags.get(m.message_id, YES) == YES]

    def convertStrToDatetime(self, s_datetime: object) -> datetime:
        """Read a time as the files keep it. Raises ValueError for what is none."""
        return datetime.strptime(str(s_datetime), TIMESTAMP)

    def getApprovalNoCorrectSubjects(self) -> list[str]:
        return [APPROVAL_WITHOUT_CORRECTIONS]

    def _messages(self, depid: str, content_type: str, test_folder: str | None) -> tuple[Message, ...]:
        return self._section(depid, content_type, test_folder).messages

    def _section(self, depid: str, content_type: str, test_folder: str | None) -> Section:
        if not test_folder:
            return self._correspondence(depid).section(content_type)
        read_deposition_id("deposition_data_set_id", depid)
        place = file_place(self._program, Path(test_folder) / f"{depid}_{content_type}_P1.cif.V1")
        return place.store.read(place.deposition).correspondence.section(place.content_type)

    def _correspondence(self, depid: str) -> Correspondence:
        try:
            return MessageService(self._program.chain).correspondence(depid.upper()).correspondence
        except NotFound:
            return Correspondence(depid.upper())


def _about(messages: list[Message] | tuple[Message, ...], context_types: tuple[str, ...], phrase: str) -> list[Message]:
    """Give the messages of these contexts; where there are none, those whose subject holds a phrase."""
    return [m for m in messages if m.context_type in context_types] or [
        m for m in messages if phrase in (m.message_subject or "")
    ]


def _last(messages: list[Message]) -> Message:
    """Give the message of the highest ordinal: the last one in the file, drafts included."""
    return max(messages, key=lambda m: int(m.ordinal_id) if (m.ordinal_id or "").isdigit() else 0)  # type: ignore[arg-type]


def _time_of(messages: list[Message]) -> datetime | None:
    return _time(_last(messages).timestamp) if messages else None


def _latest(messages: tuple[Message, ...]) -> datetime | None:
    times = [_time(m.timestamp) for m in messages if m.send_status == YES]
    return max((time for time in times if time), default=None)


def _time(text: str | None) -> datetime | None:
    """Read a time; one that is none stays on its own row and is no date (K16)."""
    try:
        return datetime.strptime(text or "", TIMESTAMP)
    except ValueError:
        return None
