"""What the studio's pages share: places, readers, forms, sessions, and how a page is made."""
