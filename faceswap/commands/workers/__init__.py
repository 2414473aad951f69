"""Work shared out: among processes of this machine, or tasks of a Ray cluster."""
