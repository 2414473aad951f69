"""Files on disk: whole or not at all, locked, never through links, where they lie and how tensors are kept in them."""
