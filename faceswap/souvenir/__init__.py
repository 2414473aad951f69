"""What a visitor of the booth takes home: whom the face resembles, films, a poster, a composite portrait."""
