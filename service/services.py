"""What the service is made of, assembled once for an application or a command; `services()` gives a view its own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app, g, has_request_context

from service import features
from service.message_service import MessageService
from service.metrics import Metrics
from service.progress import Progress
from service.recent import Recent
from service.runtime import Runtime, Snapshot
from service.security import Tokens
from service.shadow import Shadow
from service.storage.build import Stores, build_stores
from service.switching import Switching
from settings import Profile, Settings

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
    progress: Progress
    #: One profile and its chain to the end of a request, whatever is switched meanwhile.
    seen: Callable[[], Snapshot]

    @property
    def profile(self) -> Profile:
        """The profile that is active now, or would be at the first start. Raises FileUnavailable."""
        return self.settings.profile_named(self.switching.active().profile)


def assemble(app: Flask, settings: Settings) -> Services:
    """Build the services of an application. No store is opened and no profile decided yet."""
    settings = features.applied(settings)
    metrics = Metrics()
    stores = build_stores(app, settings, metrics)
    runtime = Runtime(settings, stores, metrics)

    def seen() -> Snapshot:
        if not has_request_context():
            return runtime.current()
        if "leased" not in g:
            g.leased = runtime.lease()
        return cast(Snapshot, g.leased)

    shadow = Shadow(stores, settings.shadow_read_fraction, metrics)
    messages = MessageService(lambda: seen().chain, lambda answer: shadow.answered(seen().profile, answer))
    tokens, progress = Tokens(settings.state_dir), Progress(stores)
    found = Services(settings, metrics, stores, Switching(settings, stores), runtime, messages, tokens, progress, seen)
    adopt(app, found)
    return found


def adopt(app: Flask, found: Services) -> None:
    """Give an application the services of this process, and have each of its requests end the lease that it took."""

    def release(_: BaseException | None) -> None:
        if leased := g.pop("leased", None):
            found.runtime.release(leased)

    app.extensions[_EXTENSION] = found
    app.teardown_appcontext(release)


def services_of(app: Flask) -> Services:
    """Give the services of an application."""
    return cast(Services, app.extensions[_EXTENSION])


def recent(found: Services) -> Recent:
    """Give the lists over all depositions, under the profile that is active now."""
    profile = found.profile
    return Recent(found.stores, profile, found.stores.chain(profile))


def services() -> Services:
    """Give the services of the application that handles the current request."""
    return services_of(current_app)
