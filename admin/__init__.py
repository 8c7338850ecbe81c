"""The sidecar admin: it sees the service's public state (runtime, switching, metrics) and is imported by wsgi.py alone."""
