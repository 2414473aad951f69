"""A few frames of a film as convert makes them, chosen for variety, on a page that lays settings side by side."""
