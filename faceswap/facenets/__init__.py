"""This project's own small networks for faces: detector, landmarks, parser, embedder, attributes."""
