"""Making two stores equal: a pure merge, the sync of one deposition, and the walk over many (DESIGN.md section 5)."""
