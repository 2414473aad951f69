"""What the commands do, behind the modules that a user starts; those load this only once the settings are right."""
