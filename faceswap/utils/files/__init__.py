"""Files on disk: atomic, locked, never through links; tensor files; the workspace."""
