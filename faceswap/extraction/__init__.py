"""The extract pipeline: frames in, a face set out, resumable after a kill."""
