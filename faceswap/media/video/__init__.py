"""Video files through FFmpeg: streams, decoding, timestamps, colour tags, pixel formats."""
