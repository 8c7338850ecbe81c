"""Requests that the OpenAPI document allows and forbids, made up by schemathesis: no 500, and every answer conforms.

The test run makes a few; `make fuzz` makes 2000 (FUZZ=2000).
"""

import os
from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from support.site import DEPOSITION, Site

CASES = int(os.environ.get("FUZZ", "120"))
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


def tried(app: Flask, headers: dict[str, str]) -> tuple[int, list[str]]:
    """Try every operation of the document in turn; give how many requests were made, and what did not conform."""
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app, headers=headers)
    operations: list[Any] = [result.ok() for result in schema.get_all_operations()]  # type: ignore[union-attr]
    each, made, wrong = -(-CASES // len(operations)), 0, []
    for operation in operations:

        def run(case: Case[Any]) -> None:
            nonlocal made
            made += 1
            if case.path_parameters and "dep" in case.path_parameters and made % 2:
                case.path_parameters["dep"] = DEPOSITION  # half of them reach a deposition that is there
            case.call_and_validate(headers=headers, checks=CHECKS)

        try:
            _given(operation, each)(run)()
        except schemathesis.core.failures.FailureGroup as failures:
            wrong.append(f"{operation.label}: {failures}")
    return made, wrong


def _given(operation: Any, most: int) -> Callable[[Callable[[Case[Any]], None]], Callable[[], None]]:
    chosen = settings(
        max_examples=most,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    kept, broken = (operation.as_strategy(generation_mode=m) for m in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE))
    strategy = kept | broken
    return lambda run: chosen(given(strategy)(run))  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("profile", ["dual-write-cif-read"])
def test_every_answer_conforms_to_the_document(site: Site, profile: str) -> None:
    app = site.app(profile)
    client = site.client(app)
    client.post(f"/api/v1/depositions/{DEPOSITION}/messages", json={"message_text": "t", "message_id": "m"})
    made, wrong = tried(app, {"Authorization": f"Bearer {site.token()}"})
    assert made >= CASES
    assert not wrong, "\n\n".join(wrong)
