"""The built-in detector: networks of facenets run over the frames of a film, faces followed between detections."""
