"""Alembic's scripts: how the queue's tables came to be what they are."""
