"""A site put into a folder and back: message files, database rows, state. A backup is one once its manifest stands in it; it
is read whole and compared with its manifest before anything of a site is touched."""
