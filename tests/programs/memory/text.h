// A thousand bytes of text to read, and a zero after them.

char text[1001] =
    "A program that runs on one machine can be believed on another when a proof comes with its result. The proof is "
    "short, and to check it takes a moment, however long the program ran. What it costs is the work of the one who "
    "proves: each step of the processor is a row in a table, each row a handful of numbers in a finite field, and the "
    "numbers of all rows together must satisfy the same small set of equations. So the length of the table is the "
    "price. A compiler for such a machine counts rows as others count cycles, but the rules are odd. Multiplying by a "
    "constant is free, shifting is not. Comparing two numbers takes a row, telling even from odd takes three. Memory "
    "is a list of cells that are read and written in any order at the price of one row each, and nobody has a cache. "
    "Bytes are the trouble: four of them share a cell, and to take one out means to say what the other three are. A "
    "message such as this one, read a byte at a time, is a good test of how well that is done. And there it stops.";
