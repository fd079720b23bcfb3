// Solves the sudoku in memory by trying out; the caller writes 81 digits at `cells()` and calls `solve`.
typedef unsigned char u8;

static u8 grid[81];
static unsigned rows[9], columns[9], boxes[9];
static unsigned tried;

u8 *cells(void) { return grid; }

static unsigned *taken_in(int kind, int cell) {
    int row = cell / 9, column = cell % 9;
    return kind == 0 ? &rows[row] : kind == 1 ? &columns[column] : &boxes[row / 3 * 3 + column / 3];
}

static unsigned taken(int cell) { return *taken_in(0, cell) | *taken_in(1, cell) | *taken_in(2, cell); }

static void flip(int cell, unsigned bit) {
    for (int kind = 0; kind < 3; kind++) *taken_in(kind, cell) ^= bit;
}

static int search(void) {
    int best = -1, fewest = 10;
    for (int cell = 0; cell < 81; cell++) {
        if (grid[cell] != 0) continue;
        int free = 9 - __builtin_popcount(taken(cell));
        if (free < fewest) fewest = free, best = cell;
    }
    if (best < 0) return 1;
    for (unsigned left = ~taken(best) & 0x1ff; left != 0; left &= left - 1) {
        int digit = __builtin_ctz(left);
        tried++;
        grid[best] = (u8)(digit + 1);
        flip(best, 1u << digit);
        if (search()) return 1;
        flip(best, 1u << digit);
    }
    grid[best] = 0;
    return 0;
}

// How many digits were tried, or 0 where there is no solution. What is no digit is an empty cell.
unsigned solve(void) {
    tried = 0;
    for (int i = 0; i < 9; i++) rows[i] = columns[i] = boxes[i] = 0;
    for (int cell = 0; cell < 81; cell++) {
        if (grid[cell] > 9) grid[cell] = 0;
        if (grid[cell] == 0) continue;
        if (taken(cell) >> (grid[cell] - 1) & 1) return 0;
        flip(cell, 1u << (grid[cell] - 1));
    }
    return search() ? tried : 0;
}

// A puzzle that the program brings along, solved; the sum of its first row read as a number.
unsigned example(void) {
    static const char puzzle[] = "530070000600195000098000060800060003400803001700020006060000280000419005000080079";
    for (int i = 0; i < 81; i++) grid[i] = (u8)(puzzle[i] - '0');
    if (!solve()) return 0;
    unsigned number = 0;
    for (int i = 0; i < 9; i++) number = number * 10 + grid[i];
    return number;
}
