"""The database store, over SQLite and MariaDB: one transaction per change, the deposition's row locked, nothing that a file
may hold forbidden. Every failure leaves this folder as one of our own errors."""
