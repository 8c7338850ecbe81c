"""The two places where the admin is served: beside the service in one application, and alone as a sidecar process."""

from flask import Flask

from admin import pages, views
from service import errorpages, headers, observation, probes, security
from service.services import adopt, services_of


def init_app(app: Flask) -> None:
    """Put the admin beside the service in one application."""
    app.register_blueprint(views.blueprint, url_prefix="/admin")
    app.register_blueprint(pages.blueprint, url_prefix="/admin")


def create_sidecar(service: Flask) -> Flask:
    """Build an application of the admin and the probes alone, over the same services: it answers while workers are busy."""
    found = services_of(service)
    app = Flask("admin", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = found.settings.max_message_bytes
    adopt(app, found)
    observation.init_app(app, found.metrics)
    headers.init_app(app)
    security.init_app(app, found.settings, found.tokens)
    errorpages.init_app(app)
    app.register_blueprint(probes.blueprint)
    init_app(app)
    return app
