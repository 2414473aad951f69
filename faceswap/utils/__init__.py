"""What every room needs and no face is: whole files, locks, errors, progress, devices, the workspace, safe reading."""
