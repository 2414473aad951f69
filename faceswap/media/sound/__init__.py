"""Sound tracks of a source video in the result: planned, copied packet by packet, or encoded as AAC."""
