"""Shadow reads: a sample of the answers is compared with the other store once it is given, and never changed by that
(DESIGN.md section 1)."""

import random
from dataclasses import asdict

from flask import Response, after_this_request, has_request_context

from service.errors import MessagingError
from service.logs import log
from service.storage.base import Answer, Observer
from service.storage.build import Stores
from service.sync.sightings import Mismatches
from service.sync.verify import Finding, Outcome, Verifier
from settings import Profile

MATCH, MISMATCH, CROSSED, UNSETTLED, FAILED = "match", "mismatch", "crossed", "unsettled", "failed"


class Shadow:
    """Compare a sample of answers after they were given; what differs is logged, counted and synced."""

    def __init__(self, stores: Stores, fraction: float, observer: Observer) -> None:
        self._stores = stores
        self._fraction = fraction
        self._observer = observer
        self._verifier = Verifier(stores.cif, stores.database, stores.state_dir)
        self._record = Mismatches(stores.state_dir)

    def answered(self, profile: Profile, answer: Answer) -> None:
        """Have an answer of the current request compared when the caller has it, where the sample takes it."""
        if not profile.observes or answer.unverified or not has_request_context():
            return
        if random.random() >= self._fraction:  # noqa: S311 - a sample, no secret
            return

        def compare_later(response: Response) -> Response:
            response.call_on_close(lambda: self.compare(profile, answer))
            return response

        after_this_request(compare_later)

    def compare(self, profile: Profile, answer: Answer) -> str:
        """Compare both stores for the deposition of an answer, and say how that ended.

        The store is read under the guard, so it takes no longer than its timeouts and nothing while the breaker is open.
        """
        key = answer.correspondence.deposition_data_set_id
        try:
            observed = self._stores.single(str(profile.observes)).read(key).correspondence
            outcome = MATCH if observed == answer.correspondence else self._settled(profile, key)
        except MessagingError as error:
            log.warning("shadow_read_failed", deposition_data_set_id=key, error=error.message)
            outcome = FAILED
        self._observer.shadowed(outcome)
        return outcome

    def _settled(self, profile: Profile, deposition_data_set_id: str) -> str:
        """Look at both stores as they are now, for a change may have crossed; sync where they are not equal."""
        finding = self._verifier.look(deposition_data_set_id)
        outcome = _outcome_of(finding)
        if outcome == MISMATCH:
            self._tell(finding)
        if outcome != CROSSED:
            self._stores.sync(profile).run(deposition_data_set_id, "shadow")
        return outcome

    def _tell(self, finding: Finding) -> None:
        rows = [asdict(row) for row in finding.rows]
        log.error("shadow_mismatch", deposition_data_set_id=finding.deposition_data_set_id, rows=rows)
        self._record.add(finding.deposition_data_set_id, rows)


def _outcome_of(finding: Finding) -> str:
    """Say what a look means: where the stores are not known to be equal, a difference is no mismatch, and a sync is due."""
    if finding.outcome is Outcome.EQUAL:
        return CROSSED
    if finding.outcome is Outcome.UNREADABLE:
        return FAILED
    return UNSETTLED if finding.unsettled or finding.outcome is not Outcome.DIFFERING else MISMATCH
