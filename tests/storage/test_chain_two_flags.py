"""Another program may have put two rows of flags of one message into a file: the first one is answered and set."""

import pytest
from support.dual import DEP, QUICK, drafted, dual
from support.site import PROFILES, Site

from service.changes import MarkRead
from service.messages import Status

ROWS = """loop_
_pdbx_deposition_message_status.message_id
_pdbx_deposition_message_status.deposition_data_set_id
_pdbx_deposition_message_status.read_status
_pdbx_deposition_message_status.action_reqd
_pdbx_deposition_message_status.for_release
m1 D_1000000001 N Y N
m1 D_1000000001 N N Y
#
"""


@pytest.mark.parametrize("profile", PROFILES)
def test_the_first_of_two_rows_of_flags_is_the_one_that_a_change_finds(site: Site, profile: str) -> None:
    made = drafted(site, "dual-write-cif-read")
    messages, _, _ = made.old_copy().partition(b"_pdbx_deposition_message_status")
    made.put_back(messages + ROWS.encode())
    made.read()
    assert made.is_equal()

    chain = dual(site, profile, **QUICK).chain
    assert chain.apply(MarkRead(DEP, "m1")).delta.status == Status("m1", DEP, "Y", "Y", "N")

    assert chain.read(DEP).correspondence.statuses == (Status("m1", DEP, "Y", "Y", "N"), Status("m1", DEP, "N", "N", "Y"))
