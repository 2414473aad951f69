"""The extract pipeline: frames in, a face set out, able to go on after a kill."""
