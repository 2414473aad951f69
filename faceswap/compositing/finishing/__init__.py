"""What a drawn face takes on of the film it is laid into: sharpness, motion blur, grain."""
