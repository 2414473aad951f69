"""Pictures and films in and out: sources, frames with their presentation times, video with sound, presentation."""
