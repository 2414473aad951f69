"""The values that flow through the program: frames, faces, aligned faces, face sets, and their geometry."""
