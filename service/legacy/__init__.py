"""The Python interfaces that other OneDep programs import today, under their names, over the active profile."""
