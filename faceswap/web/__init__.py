"""What the studio and the booth share: their guard, the frame of their pages, events, and how they are served."""
