"""The stores and the chain built of them. Nothing here knows a web request, a profile's name or a metric."""
