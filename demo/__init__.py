"""Films of rendered actors with their exact landmarks (pairs.json), for `python -m faceswap.demo` and the notebooks."""
