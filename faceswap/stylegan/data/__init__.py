"""The pictures that a generator knows: packed training pictures, portraits aligned as it draws them, labels."""
