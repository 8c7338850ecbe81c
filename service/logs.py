"""Where the log goes: one JSON object a line to stderr, never to stdout, which belongs to results."""

import logging
import sys

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

log = structlog.get_logger("messaging")


#: What every line tells besides its own: the request it belongs to, its level, its time.
_TELLING: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure() -> None:
    """Set the log up for this process. Message texts and secrets are never handed to it."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _without_values,
                structlog.processors.JSONRenderer(),
            ],
            foreign_pre_chain=_TELLING,
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    structlog.configure(
        processors=[*_TELLING, structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _without_values(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Name an error of a library by its kind alone: what it says may hold the text of a message."""
    raised = event.pop("exc_info", None)
    if raised:
        event["error"] = raised[0].__name__
    return event
