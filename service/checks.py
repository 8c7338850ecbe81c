"""The checks of `/admin/health` and `msgmodule health`: what each looks at, and what it lets pass."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from service import vitals
from service.backend import flag_lines
from service.breakers import breakers
from service.services import Services
from service.storage.base import OK
from service.storage.database import schema
from settings import Profile

#: The smallest free share of disk, inodes and memory; seconds a store may be behind; the age of a foreign lock.
_FREE, _BEHIND, _LOCKED = 0.05, 600.0, 300.0
#: A text is quoted in a statement: at worst every byte of it takes two.
_QUOTED = 2


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a limit holds, and what was found."""

    ok: bool
    found: str


@dataclass(frozen=True, slots=True)
class Check:
    """One check, what it lets pass, and the profiles that want it. `run` may raise MessagingError, which fails it."""

    name: str
    limit: str
    run: Callable[[Services], Verdict]
    wanted: Callable[[Profile], bool]


def _schema(found: Services) -> Verdict:
    status = schema.status(found.settings)
    sound = f"version {status.version}, every table, column and key, identity {status.identity}"
    return Verdict(status.is_current, status.fault or sound)


def _packet(found: Services) -> Verdict:
    packet, needed = found.stores.database.max_packet(), _QUOTED * found.settings.max_message_bytes
    if packet is None:
        return Verdict(ok=True, found="this kind of database has none")
    remedy = f"; raise max_allowed_packet of the server to {needed}, or lower max_message_bytes"
    return Verdict(packet >= needed, f"{packet} bytes, needed {needed}{'' if packet >= needed else remedy}")


def _pool(found: Services) -> Verdict:
    pool = found.stores.database.pool_use()
    if pool is None:
        return Verdict(ok=True, found="connections are not kept")
    return Verdict(pool.used < pool.most, f"{pool.used} of {pool.most} connections of this process in use")


def _breaker(found: Services) -> Verdict:
    guard = found.stores.database.guard
    if guard is None:
        return Verdict(ok=True, found="switched off")
    told = breakers(found.runtime.workers, guard)
    shown = [
        f"{b.state} {b.place}, {f'last change {b.changed}' if b.changed else 'never changed'}, failures {b.failures}"
        for b in told
    ]
    closed = all(one.is_closed for one in told)
    remedy = "it closes once the database answers; of a worker that is gone for good remove the file in state_dir/workers"
    return Verdict(closed, "; ".join(shown if closed else [*shown, remedy]))


def _probe(store: str, found: Services) -> Verdict:
    result = found.stores.single(store).probe()[store]
    return Verdict(result == OK, result)


def _behind(store: str, found: Services) -> Verdict:
    behind = vitals.behind(found.stores, found.profile)[store]
    told = f"{behind.count} depositions, the oldest for {behind.oldest:.0f} s"
    remedy = "" if behind.oldest <= _BEHIND else "; see that it takes writes again, then run `msgmodule reconcile --all`"
    return Verdict(behind.oldest <= _BEHIND, told + remedy)


def _tokens(found: Services) -> Verdict:
    return Verdict(ok=True, found=f"{len(found.tokens.all())} tokens")


def _workers(found: Services) -> Verdict:
    active, workers = found.switching.active(), found.runtime.workers.all()
    late = ", ".join(f"{w['host']} {w['pid']} at epoch {w['epoch']}" for w in vitals.lagging(workers, active))
    return Verdict(not late, late or f"{len(workers)} seen, none answers under an epoch before {active.epoch}")


def _locks(found: Services) -> Verdict:
    stuck = [lock for lock in vitals.stuck_locks(found.settings) if lock.age > _LOCKED]
    told = ", ".join(f"{lock.path} ({lock.age:.0f} s)" for lock in stuck[:5])
    return Verdict(not stuck, f"{told}; remove a lock that no program uses any more" if stuck else "none")


def _disks(found: Services) -> Verdict:
    disks = list(vitals.disks(found.settings))
    told = ", ".join(f"{disk.place} {disk.free:.1%}" for disk in disks)
    return Verdict(all(disk.free >= _FREE for disk in disks), told)


def _inodes(found: Services) -> Verdict:
    counted = {disk.place: disk.free_inodes for disk in vitals.disks(found.settings) if disk.free_inodes is not None}
    told = ", ".join(f"{place} {free:.1%}" for place, free in counted.items())
    return Verdict(all(free >= _FREE for free in counted.values()), told or "the file systems count none")


def _memory(_: Services) -> Verdict:
    free = vitals.free_memory()
    return Verdict(free >= _FREE, f"{free:.1%} free")


def _mirrors(found: Services) -> Verdict:
    missed, without = found.stores.cif.mirror.missed(), vitals.without_mirror(found.stores.cif.site)
    told = f"{without} depositions have no deposit/ folder, {len(missed)} copies missed"
    remedy = "; mend the folder and run `msgmodule reconcile --all`" if missed else ""
    return Verdict(not missed, f"{told}{': ' if missed else ''}{', '.join(missed[:5])}{remedy}")


def _flags(found: Services) -> Verdict:
    return Verdict(ok=True, found="; ".join(f"{name} {state}" for name, state in flag_lines(found).items()))


def _always(_: Profile) -> bool:
    return True


def _database(profile: Profile) -> bool:
    return profile.uses_database


def _files(profile: Profile) -> bool:
    return profile.writes_cif


CHECKS = (
    Check("database_schema", "a real table is read; newest version, every table, column and key", _schema, _database),
    Check("database_probe", "a row is written, read and removed", partial(_probe, "database"), _database),
    Check("database_packet", "a message of max_message_bytes fits", _packet, _database),
    Check("database_pool", "a connection is free", _pool, _database),
    Check("circuit_breaker", "closed", _breaker, _database),
    Check("cif_probe", "a file is locked, written, read and removed", partial(_probe, "cif"), _files),
    Check("foreign_locks", f"none older than {_LOCKED:.0f} s that a writer or reconcile --all came upon", _locks, _files),
    Check("cif_behind", f"none for longer than {_BEHIND:.0f} s", partial(_behind, "cif"), _files),
    Check("database_behind", f"none for longer than {_BEHIND:.0f} s", partial(_behind, "database"), _database),
    Check("mirrors", "no copy for the depositors failed", _mirrors, _files),
    Check("workers", "all follow the active profile", _workers, _always),
    Check("tokens", "the file of the tokens can be read", _tokens, _always),
    Check("disk_space", f"{_FREE:.0%} free", _disks, _always),
    Check("inodes", f"{_FREE:.0%} free", _inodes, _always),
    Check("memory", f"{_FREE:.0%} free", _memory, _always),
    Check("feature_flags", "shown, no limit", _flags, _always),
)
