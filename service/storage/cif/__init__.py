"""The CIF store. A change is spliced into the file's bytes and replaces the file by rename under the legacy lock; a
damaged file is refused and never written; what is not changed is copied byte for byte (promises P1 to P3)."""
