"""The built-in eyes: small networks, trained on rendered people, that find, follow, recognise and cut out faces."""
