"""Generate an archive as a site has one: `generate_archive.py ROOT DEPOSITIONS`.

A deposition has 35 messages over its three files, on average: letters with five references, replies, archived mail with its
original, drafts, statuses for most, non-ASCII text; one in fifty is a group. One in a hundred has an empty file, and the
damaged ones are named in `damaged.txt`.
"""

import random
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from generate import text

from service.messages import CATEGORIES, FileReference, Message, OriginalCommunication, Row, Section, Status, attributes
from service.storage.cif.document import FRAME
from service.storage.cif.rows import tokens_of
from service.storage.cif.splice import category_text, items_of
from service.vocabulary import CONTENT_TYPES, FROM_DEPOSITOR, NOTES, TO_DEPOSITOR

MESSAGES = 35
_SHARES = {TO_DEPOSITOR: 18, FROM_DEPOSITOR: 12, NOTES: 5}
_KINDS = ("model-annotate", "model-review", "validation-report-annotate", "sf-annotate", "mr-annotate")
_WORDS = ("Ångström", "β-strand", "naïve", "Šafářík", "電子顕微鏡", "R&D", "a < b", "&lt;tag&gt;", "“quoted”")
_SUBJECTS = ("Validation report", "Approval without corrections", "Release request", "New file was uploaded", "Your entry")


@dataclass(frozen=True, slots=True)
class Odd:
    """How many depositions of each odd sort there are, one in so many; 0 is none."""

    damaged: int = 200
    empty: int = 100


def generate(root: Path, depositions: int, *, odd: Odd | None = None) -> list[str]:
    """Write an archive under `root`, and give the ids of the damaged depositions."""
    odd = odd or Odd()
    for folder in ("archive", "deposit", "autogroup"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    damaged = []
    for n in range(1, depositions + 1):
        is_group = n % 50 == 0
        key = f"G_{1000000 + n}" if is_group else f"D_{1000000000 + n}"
        directory = root / ("autogroup" if is_group else "archive") / key
        directory.mkdir(parents=True, exist_ok=True)
        rng = random.Random(f"1 {n}")
        paths = [directory / f"{key}_{c}_P1.cif.V1" for c in CONTENT_TYPES]
        for path, section in zip(paths, sections(key, rng), strict=True):
            path.write_bytes(written(section))
        if odd.empty and n % odd.empty == 7:
            paths[2].write_bytes(b"")
        if odd.damaged and n % odd.damaged == 11:
            paths[0].write_bytes(paths[0].read_bytes()[: -rng.randrange(100, 5000)])
            damaged.append(key)
    (root / "damaged.txt").write_text("".join(f"{key}\n" for key in damaged), encoding="utf-8")
    return damaged


def sections(key: str, rng: random.Random) -> Iterator[Section]:
    """Give the three files of a deposition."""
    ids = {c: [_id(rng) for _ in range(max(1, round(n * rng.uniform(0.6, 1.4))))] for c, n in _SHARES.items()}
    statuses = tuple(
        Status(m, key, rng.choice("YN"), rng.choice("YN"), rng.choice("YNN"))
        for c in (FROM_DEPOSITOR, TO_DEPOSITOR)
        for m in ids[c]
        if rng.random() < 0.8
    )
    for content_type, of in ids.items():
        messages = tuple(_message(key, content_type, n, of, rng) for n in range(1, len(of) + 1))
        files = tuple(_files(key, [m for m in messages if m.send_status == "Y"], content_type, rng))
        archived = [m for m in messages if m.message_type == "archive"]
        originals = tuple(
            OriginalCommunication(
                str(n),
                m.message_id,
                key,
                _id(rng),
                "None",
                "2025-05-06 07:08:09",
                "Author, A. <a@b.org>",
                "x@y.org",
                "Re: ?",
            )
            for n, m in enumerate(archived, 1)
        )
        yield Section(content_type, messages, files, originals, statuses if content_type == TO_DEPOSITOR else ())


def written(section: Section) -> bytes:
    """Give a file in the legacy text form."""
    rows: dict[type[Row], tuple[Row, ...]] = dict(section.categories())
    return FRAME + b"".join(
        category_text(items_of(name, list(attributes(row))), list(attributes(row)), [tokens_of(r) for r in rows[row]])
        for name, row in CATEGORIES.items()
        if rows[row]
    )


def _message(key: str, content_type: str, n: int, ids: list[str], rng: random.Random) -> Message:
    message_id = ids[n - 1]
    is_draft = content_type == TO_DEPOSITOR and rng.random() < 0.05
    is_reply = n > 1 and rng.random() < 0.3
    subject = rng.choice(_SUBJECTS)
    return Message(
        content_type,
        str(n),
        message_id,
        key,
        f"202{rng.randrange(4, 7)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02} 12:00:{n % 60:02}",
        "JD" if content_type != FROM_DEPOSITOR else "depositor - Müller, Jürgen (responsible scientist)",
        rng.choice(("vldtn", "approval-expl", "note", None)),
        None,
        rng.choice(ids[: n - 1]) if is_reply else message_id,
        f"RE: {subject}" if is_reply else subject,
        f"{text(rng, rng.choice((300, 1500, 2500, 4500)))}\n{' '.join(rng.choices(_WORDS, k=4))}\n",
        "archive" if content_type == NOTES and rng.random() < 0.6 else "text",
        "N" if is_draft else "Y",
    )


def _files(key: str, messages: list[Message], content_type: str, rng: random.Random) -> Iterator[FileReference]:
    ordinal = 0
    for message in messages:
        if content_type == TO_DEPOSITOR or rng.random() < 0.3:
            for kind in _KINDS:
                ordinal += 1
                version = str(rng.randrange(1, 9))
                yield FileReference(str(ordinal), message.message_id, key, kind, "pdbx", "1", version, "archive")


def _id(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


if __name__ == "__main__":
    made = generate(Path(sys.argv[1]), int(sys.argv[2]))
    print(f"{sys.argv[2]} depositions under {sys.argv[1]}, {len(made)} of them damaged")
