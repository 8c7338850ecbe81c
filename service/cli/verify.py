"""`msgmodule verify`: compare both stores, every field of every row."""

import random
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from service.cli.common import json_option, selected, selection_options, services_of, show
from service.cli.progress import JsonLog, json_log_option, shown
from service.clock import utc_now
from service.sync.verified import Verified, VerifyRecord
from service.sync.verify import Finding, Outcome, Verifier


@click.command()
@selection_options
@click.option("--sample", type=click.IntRange(1), help="Look at so many of the selected depositions, chosen by chance.")
@json_log_option
@json_option
@click.pass_context
def verify(
    context: click.Context,
    *,
    depositions: tuple[str, ...],
    depositions_file: Path | None,
    directory: Path | None,
    everything: bool,
    sample: int | None,
    json_log: Path | None,
    as_json: bool,
) -> None:
    """Compare the selected depositions in both stores; nothing is changed.

    The result is kept for the preflight. Exit 0 only when something was compared and nothing differs.
    """
    found = services_of(context)
    verifier = Verifier(found.stores.cif, found.stores.database, found.settings.state_dir)
    chosen = list(selected(found, depositions, depositions_file, directory, everything, known=verifier.everything))
    if sample is not None:
        chosen = sorted(random.sample(chosen, min(sample, len(chosen))))
    verified, log = Verified(full=everything and sample is None), JsonLog(json_log)
    told: list[dict[str, Any]] = []
    for finding in shown(verifier.run(chosen), len(chosen), "verify"):
        verified.add(finding)
        body = _body(finding)
        log("verified", "info" if finding.outcome is Outcome.EQUAL else "warning", **body)
        if finding.outcome is not Outcome.EQUAL or finding.beyond:
            told.append(body)
            if not as_json:
                click.echo(_line(finding))
    verified.ended = utc_now()
    VerifyRecord(found.settings.state_dir).write(verified)
    log("verify ended", **verified.body())
    counts = {**verified.outcomes, "beyond": verified.beyond, "differences": verified.differences}
    show({"compared": verified.compared, **counts, **({"findings": told} if as_json else {})}, as_json=as_json)
    if not verified.is_clean:
        context.exit(1)


def _body(finding: Finding) -> dict[str, Any]:
    body = asdict(finding)
    del body["stamp"]
    return {name: value for name, value in body.items() if value}


def _line(finding: Finding) -> str:
    rows = (
        f"{r.content_type} {r.category} {r.message_id}: {r.what}{' in ' + ', '.join(r.fields) if r.fields else ''}"
        for r in finding.rows
    )
    beyond = (f"beyond the categories: {what}" for what in finding.beyond)
    error = (finding.error,) if finding.error else ()
    return "; ".join((f"{finding.deposition_data_set_id}: {finding.outcome}", *error, *finding.unsettled, *rows, *beyond))
