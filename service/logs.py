"""Where the log goes: one JSON object a line to stderr, never to stdout, which belongs to results."""

import logging
import sys

import structlog

log = structlog.get_logger("messaging")


def configure() -> None:
    """Set the log up for this process. Message texts and secrets are never handed to it."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
