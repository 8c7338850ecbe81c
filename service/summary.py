"""The global checks over a correspondence (reference section 7.4). Pure; an unreadable store never reaches them."""

from dataclasses import dataclass

from service import vocabulary
from service.messages import Correspondence
from service.vocabulary import APPROVAL_WITHOUT_CORRECTIONS, FROM_DEPOSITOR, NO, NOTES, TO_DEPOSITOR, YES


@dataclass(frozen=True, slots=True)
class Summary:
    """What an annotator is told about a deposition at a glance."""

    all_msgs_read: bool
    all_msgs_actioned: bool
    any_msgs_for_release: bool
    any_unactioned_approval: bool
    any_notes_exist: bool
    any_annotator_or_flagged_notes: bool
    only_flagged_mail: bool
    num_notes_records: int


def summarise(correspondence: Correspondence) -> Summary:
    """Run the checks. A depositor's message without a status row is unread and needs action (section 7.3)."""
    received = correspondence.section(FROM_DEPOSITOR).messages
    statuses = {s.message_id: s for s in reversed(correspondence.statuses)}
    rows = [(m, statuses.get(m.message_id)) for m in received]
    approvals = [s for m, s in rows if m.context_type == APPROVAL_WITHOUT_CORRECTIONS]
    written = [statuses.get(m.message_id) for m in (*received, *correspondence.section(TO_DEPOSITOR).messages)]
    notes = [m.message_type or "" for m in correspondence.section(NOTES).messages]
    own = any(vocabulary.is_annotator_note(t) for t in notes)
    flagged = any("_flag" in t for t in notes)
    return Summary(
        all_msgs_read=all(s is not None and s.read_status != NO for _, s in rows),
        all_msgs_actioned=all(s is not None and s.action_reqd != YES for _, s in rows),
        any_msgs_for_release=any(s is not None and s.for_release == YES for s in written)
        or any(s is None and vocabulary.is_release_subject(m.message_subject) for m, s in rows),
        any_unactioned_approval=any(s is None or s.action_reqd == YES for s in approvals),
        any_notes_exist=bool(notes),
        any_annotator_or_flagged_notes=own or flagged,
        only_flagged_mail=flagged and not own,
        num_notes_records=len(notes),
    )
