"""The studio's application, on which the guard that all share is tested."""

from tests.studio.conftest import client, client_with_password

__all__ = ["client", "client_with_password"]
