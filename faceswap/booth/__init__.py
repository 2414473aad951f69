"""The booth of a theatre: visitors photograph themselves, learn whom they resemble, and turn into them in a film."""
