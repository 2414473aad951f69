"""Damages what is stored in thousands of ways and reads it: a result as before, or one line that says what is wrong."""
