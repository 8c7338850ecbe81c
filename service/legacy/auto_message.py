"""`AutoMessage`: what OneDep programs ask of the correspondence without a person (reference section 14)."""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TextIO

from service.factory import site_program
from service.logs import log as service_log
from service.message_service import MessageService
from service.messages import Message
from service.summary import Summary, summarise
from service.vocabulary import NO, TO_DEPOSITOR, YES

_SENDER = "auto"


@dataclass(frozen=True, slots=True)
class Stored:
    """An automatic message as it was stored; true, for it was. `mailed` is false: this service sends no mail yet."""

    message_id: str
    stores: Mapping[str, str]
    mailed: bool = False

    def __bool__(self) -> bool:
        return True


class AutoMessage:
    """Send, tag and look over. What cannot be done is raised, and never reported as done (K7, K15)."""

    def __init__(
        self,
        siteId: str | None = None,
        topSessionDir: str | None = None,
        verbose: bool = False,
        log: TextIO = sys.stderr,
    ) -> None:
        self._messages = MessageService(site_program(siteId).chain)

    def sendSingleMessage(
        self, depid: str, subject: str, msg: str, testemail: str | None = None, p_tmpltType: str = "other"
    ) -> Stored:
        """Store one message to the depositor, of the context `p_tmpltType`; the answer says that nothing was mailed.

        Raises InvalidInput, StoreUnavailable and DamagedFile.
        """
        message = Message(TO_DEPOSITOR, None, None, depid.upper(), None, _SENDER, p_tmpltType, None, None, subject, msg)
        sent = self._messages.send(message)
        message_id = str(sent.letter.message.message_id)
        service_log.warning("not mailed", deposition_data_set_id=depid.upper(), message_id=message_id)
        return Stored(message_id, sent.stores)

    def tagMessageStatus(self, depId: str, msgidlist: Iterable[str], actionReqd: str = NO, forReleaseFlg: str = NO) -> bool:
        """Set the flags of messages, read as well. Raises NotFound for an unknown one; those before it are tagged."""
        for message_id in msgidlist:
            self._messages.tag(depId.upper(), message_id, YES, actionReqd, forReleaseFlg)
        return True

    def getAllMsgsActioned(self, depId: str) -> bool:
        """Tell whether no depositor's message needs action. Raises where that is not known."""
        return self._summary(depId).all_msgs_actioned

    def getAllMsgsRead(self, depId: str) -> bool:
        """Tell whether every depositor's message is read. Raises where that is not known."""
        return self._summary(depId).all_msgs_read

    def _summary(self, depId: str) -> Summary:
        return summarise(self._messages.correspondence(depId.upper()).correspondence)
