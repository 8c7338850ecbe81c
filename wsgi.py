"""Composition root for mod_wsgi, gunicorn and `flask`.

`application` is the service with its admin; `admin_application` the admin alone, for a sidecar process that answers
operators and Prometheus while the workers are busy.
"""

import sys

from settings import SettingsError, load
from settings.process import prepare_metrics, process_group

try:
    settings = load(process_group=process_group())
    prepare_metrics(settings)  # before the first import of prometheus_client, which looks for its folder then
except SettingsError as error:
    sys.stderr.write(f"messaging cannot start:\n{error}\n")
    sys.exit(2)

from admin.app import create_sidecar, init_app
from service import logfile, logs
from service.app import create_app
from service.errors import MessagingError, SwitchRefused
from service.services import services_of

logfile.tee(settings.log_file)
logs.configure()
try:
    application = create_app(settings)
except MessagingError as error:
    sys.stderr.write(f"messaging cannot start:\n{error.message}\n")
    sys.exit(2 if isinstance(error, SwitchRefused) else 1)  # what is not refused may work at the next try
init_app(application)
admin_application = create_sidecar(application)
services_of(application).runtime.follow()
logs.log.info("starting", profile=settings.profile.name, origins=dict(settings.origins))
