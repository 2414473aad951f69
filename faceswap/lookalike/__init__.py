"""Whom a face looks like: galleries of people, their search, and likeness in per cent."""
