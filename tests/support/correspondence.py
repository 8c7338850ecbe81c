"""Generated correspondence over several depositions, for lists and searches: words of every kind, odd times, odd rows."""

import random
from dataclasses import replace

from service.messages import Correspondence, FileReference, Message, Section, Status
from service.vocabulary import CONTENT_TYPES, TO_DEPOSITOR

WORDS = (  # noqa: SIM905 - a list of literals would be no easier to read
    "validation Validation the a of ligand Ångström A\u030angström \u212b strasse Straße x-ray X-Ray pdb_extract 1.7 21.7 "
    "re: 水素結合 naïve re-refined D_1000000001 'quoted' (brackets) 100% back\\slash end."
).split()
SENDERS = ("JD", "depositor - Ångström, Åsa", "wwPDB annotator", None)
TIMES = ("2026-02-30 00:00:00", "yesterday", "2026-03-01", None, "2026-03-01 12:00:00 GMT")


def correspondence(deposition_data_set_id: str, rng: random.Random, count: int = 12) -> Correspondence:
    """Give the three sections of a deposition with `count` messages in all."""
    made = Correspondence(deposition_data_set_id)
    for n in range(count):
        section = made.section(rng.choice(CONTENT_TYPES))
        message_id = f"m-{n}"
        message = Message(
            section.content_type,
            str(n),
            message_id,
            deposition_data_set_id,
            rng.choice(TIMES) if n % 6 == 5 else _time(rng),
            rng.choice(SENDERS),
            rng.choice(("vldtn", None)),
            None,
            message_id,
            " ".join(rng.choices(WORDS, k=3)),
            rng.choice((None, "\n".join(rng.choices(WORDS, k=rng.randrange(1, 40))))),
            "text",
            "Y",
        )
        files = [FileReference(str(k), message_id, deposition_data_set_id, "model", "pdbx", "1", "2") for k in range(n % 3)]
        made = made.with_section(replace(section, messages=(*section.messages, message), files=(*section.files, *files)))
        if n % 2:
            status = Status(message_id, deposition_data_set_id, "N", "Y", "N")
            home = made.section(TO_DEPOSITOR)
            made = made.with_section(replace(home, statuses=(*home.statuses, status)))
    return made


def sections(made: Correspondence) -> dict[str, tuple[Section, str]]:
    """Give the sections with signatures, as a sync brings them."""
    return {s.content_type: (s, "signed") for s in made.sections}


def _time(rng: random.Random) -> str:
    return f"2026-0{rng.randrange(1, 7)}-{rng.randrange(1, 29):02} {rng.randrange(24):02}:00:0{rng.randrange(3)}"
