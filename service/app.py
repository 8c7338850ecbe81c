"""The application: a list of wiring, without logic. Called twice it gives two independent applications."""

from flask import Flask

from service import errorpages, headers, observation, probes, security
from service.api import cached, recent, views
from service.services import assemble
from settings import Settings


def create_app(settings: Settings) -> Flask:
    """Build the service; raise SwitchRefused where it may not start under the stated profile (DESIGN.md section 7)."""
    app = Flask("service", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_message_bytes
    found = assemble(app, settings)
    found.switching.start()
    found.runtime.current()
    observation.init_app(app, found.metrics)
    headers.init_app(app)
    cached.init_app(app)
    security.init_app(app, settings, found.tokens)
    errorpages.init_app(app)
    app.register_blueprint(probes.blueprint)
    app.register_blueprint(views.blueprint, url_prefix="/api/v1")
    app.register_blueprint(recent.blueprint, url_prefix="/api/v1")
    return app
