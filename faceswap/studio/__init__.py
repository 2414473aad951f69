"""The studio: pages on which films are extracted, curated, trained on and converted."""
