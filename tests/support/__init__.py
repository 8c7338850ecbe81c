"""What the tests share: sites to work on, servers to break, and the legacy programs as witnesses."""
