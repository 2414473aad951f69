"""What answers the studio's addresses, a module for each page."""
