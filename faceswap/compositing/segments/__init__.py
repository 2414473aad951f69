"""A film in segments: each is made on its own and kept, so that a stopped conversion goes on, also elsewhere."""
