"""What gunicorn is told beyond its command line: threads, how it says that it is up, how a worker's end is noted."""

from typing import Any

from service.cli.demo import LOCAL_TOKEN, example
from service.process_files import swept
from settings import load
from settings.process import metrics_directory

threads = 4
timeout = 60
graceful_timeout = 30
worker_tmp_dir = "/dev/shm"  # noqa: S108 - the heartbeat must not wait for a disk
accesslog = None
control_socket_disable = True


def when_ready(server: Any) -> None:
    """Print where the service is and, where there is a local token, a line to try it with."""
    settings = load()
    url = str(server.LISTENERS[0])
    print(f"messaging: {url} ready", flush=True)
    token = settings.state_dir / LOCAL_TOKEN
    if token.exists():
        secret = token.read_text(encoding="ascii").strip()
        print(f"token: {secret}\ntry:\n  {example(url, secret)}", flush=True)
        print(f"dashboard: {url}/admin/ (any name, the token as password)", flush=True)


def child_exit(_server: Any, _worker: Any) -> None:
    """Forget the gauges of a worker that is gone; what it counted stays in the sums."""
    directory = metrics_directory()
    if directory is not None:
        with swept(directory):
            pass
