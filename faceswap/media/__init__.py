"""Reading and writing of pictures and films: sources, frames with timestamps, video with sound."""
