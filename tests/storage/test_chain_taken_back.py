"""A change that its writer took back is in no store, whoever met it on its way."""

import errno
import os
import threading

import pytest
from support.dual import QUICK, drafted, dual, edit, first_call
from support.site import Site

from service.errors import FileUnavailable
from service.storage.cif import files


def test_a_change_that_was_refused_is_in_no_store_though_a_sync_behind_its_lock_met_it(site: Site) -> None:
    made, reader = drafted(site, "dual-write-cif-read"), dual(site, "dual-write-cif-read", **QUICK)
    sent = edit("sent", send_status="Y")
    met, refused = threading.Event(), threading.Event()
    look = threading.Thread(target=reader.read)

    def full() -> None:
        look.start()
        met.wait()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def late() -> None:
        met.set()
        refused.wait()

    with pytest.MonkeyPatch.context() as patch:
        first_call(reader.services.stores.database, "bring", patch, late)
        first_call(files, "replace", patch, full)
        with pytest.raises(FileUnavailable, match="No space"):
            made.chain.apply(sent)
        refused.set()
        look.join()

    assert [store.message("m1").message_text for store in (made.in_files(), made.in_database())] == ["draft", "draft"]  # type: ignore[union-attr]
