"""What answers the booth's addresses, a module for each page."""
