"""Errors that end a command early and are no bugs of the program."""


class UserError(Exception):
    """What the user can mend: one line with what came, what is accepted and what to do (exit code 2)."""


class Interrupted(Exception):
    """The user (or the system) asked to stop; the work so far is saved (exit code 130)."""
