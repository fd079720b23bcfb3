"""What the server knows of zkASM, without any protocol: offsets are characters of a text, lines count from 0."""
