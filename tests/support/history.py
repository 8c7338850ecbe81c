"""What was acknowledged to whom, and which answers contradict it: the oracle of the model test."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from service.changes import AppendMessage, EditDraft, MarkRead, Tag
from service.messages import Correspondence, Status
from service.storage.base import Answer

Text = str | None
#: What a legacy program holds in its hand: texts and statuses by message.
Copy = tuple[dict[str, Text], dict[str, Status]]


@dataclass(slots=True)
class Meanwhile:
    """What was acknowledged or put back while a change of a message was under way: any of it may stand afterwards."""

    message_id: str
    texts: dict[str, set[Text]] = field(default_factory=lambda: defaultdict(set))
    flags: dict[str, set[Status]] = field(default_factory=lambda: defaultdict(set))


@dataclass(slots=True)
class History:
    """The acknowledged changes of one deposition, with the contents that a legacy program may have put back since."""

    texts: dict[str, set[Text]] = field(default_factory=dict)
    flags: dict[str, set[Status]] = field(default_factory=dict)
    unanswered: dict[str, AppendMessage] = field(default_factory=dict)
    foreign: set[str] = field(default_factory=set)
    is_overwritten: bool = False
    under_way: list[Meanwhile] = field(default_factory=list)

    @contextmanager
    def meanwhile(self, message_id: str) -> Iterator[Meanwhile]:
        """Collect what comes to be known until a change of a message is answered; so long its row may be this or that."""
        found = Meanwhile(message_id)
        self.under_way.append(found)
        try:
            yield found
        finally:
            self.under_way.pop()

    def acknowledge(
        self, change: AppendMessage | EditDraft | MarkRead | Tag, status: Status | None, meanwhile: Meanwhile | None = None
    ) -> None:
        """Note a change with its answer; for a status the row that it gave."""
        known = meanwhile or Meanwhile("")
        if isinstance(change, AppendMessage):
            message_id = str(change.message.message_id)
            self._set_text(message_id, change.message.message_text, known)
            self.unanswered.pop(message_id, None)
        elif isinstance(change, EditDraft):
            self._set_text(change.message_id, change.edits["message_text"], known)
        elif status is not None:
            self.flags[change.message_id] = {status} | known.flags[change.message_id]
            for one in self.under_way:
                one.flags[change.message_id].add(status)

    def _set_text(self, message_id: str, text: Text, meanwhile: Meanwhile) -> None:
        self.texts[message_id] = {text} | meanwhile.texts[message_id]
        for one in self.under_way:
            one.texts[message_id].add(text)

    def doubt(self, change: AppendMessage | EditDraft | MarkRead | Tag) -> None:
        """Note a change without an answer: it may be there or not."""
        if isinstance(change, AppendMessage):
            self.unanswered[str(change.message.message_id)] = change
        elif isinstance(change, EditDraft):
            self.texts[change.message_id].add(change.edits["message_text"])
        else:
            self.flags.pop(change.message_id, None)  # nobody knows until the next answer

    def overwritten(self, copy: Copy) -> None:
        """Note that a legacy program wrote its old copy: what it holds otherwise counts as an edit of its own."""
        texts, flags = copy
        self.is_overwritten = True
        for message_id in self.texts.keys() & texts.keys():
            self.texts[message_id].add(texts[message_id])
        for message_id in self.flags.keys() & flags.keys():
            self.flags[message_id].add(flags[message_id])
        for one in self.under_way:
            for message_id, text in texts.items():
                one.texts[message_id].add(text)
            for message_id, flag in flags.items():
                one.flags[message_id].add(flag)

    def check(self, answer: Answer) -> None:
        """Fail where an answer lacks or contradicts something without saying that it may."""
        found, may_lack = answer.correspondence, answer.unverified and self.is_overwritten
        texts = {str(m.message_id): m.message_text for m in found.messages}
        assert len(texts) == len(found.messages), "a message is there twice"
        lost = (self.texts.keys() | self.foreign) - texts.keys()
        assert may_lack or not lost, f"{sorted(lost)} are missing in an answer of {answer.served_by}"
        unknown = {one.message_id for one in self.under_way}
        for message_id in (self.texts.keys() & texts.keys()) - unknown:
            assert texts[message_id] in self.texts[message_id], message_id
        for message_id, allowed in self.flags.items():
            if message_id in unknown:
                continue
            status = found.status(message_id)
            assert status in allowed or (status is None and may_lack), (message_id, status, allowed)
        if not answer.unverified:
            self.is_overwritten = False
            self.foreign |= texts.keys() - self.texts.keys() - self.unanswered.keys()


def copy_of(found: Correspondence) -> Copy:
    """Give what a program that reads the files now holds in its hand."""
    texts = {str(m.message_id): m.message_text for m in found.messages}
    return texts, {str(s.message_id): s for s in found.statuses}
