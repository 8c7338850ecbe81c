"""What the service is made of, assembled once for an application or a command; `services()` gives a view its own."""

from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app, g, has_request_context

from service import features
from service.message_service import MessageService
from service.metrics import Metrics
from service.runtime import Runtime
from service.security import Tokens
from service.storage.base import Store
from service.storage.build import Stores, build_stores
from service.switching import Switching
from settings import Settings

_EXTENSION = "messaging"


@dataclass(frozen=True, slots=True)
class Services:
    """The collaborators of one application or command."""

    settings: Settings
    metrics: Metrics
    stores: Stores
    switching: Switching
    runtime: Runtime
    messages: MessageService
    tokens: Tokens


def assemble(app: Flask, settings: Settings) -> Services:
    """Build the services of an application. No store is opened and no profile decided yet."""
    settings = features.applied(settings)
    metrics = Metrics()
    stores = build_stores(app, settings, metrics)
    runtime = Runtime(settings, stores, metrics)

    def chain() -> Store:
        """Give one chain to the end of a request, whatever is switched meanwhile."""
        if not has_request_context():
            return runtime.current().chain
        if "chain" not in g:
            g.chain = runtime.current().chain
        return cast(Store, g.chain)

    found = Services(
        settings, metrics, stores, Switching(settings, stores), runtime, MessageService(chain), Tokens(settings.state_dir)
    )
    app.extensions[_EXTENSION] = found
    return found


def services() -> Services:
    """Give the services of the application that handles the current request."""
    return cast(Services, current_app.extensions[_EXTENSION])
