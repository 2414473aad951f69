"""The queue: commands that wait in a database, and the worker processes that run them."""
