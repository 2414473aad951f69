"""Settings: how one is declared, the names that settings had, names that are none."""
