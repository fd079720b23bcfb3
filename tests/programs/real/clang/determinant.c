// Determinants and systems of equations by elimination with pivots, in doubles; conversions of what comes in and goes out.
#define SIZE 6

static double matrix[SIZE][SIZE + 1];

static double magnitude(double x) { return x < 0 ? -x : x; }

// Numbers that are neither regular nor random.
static void fill(int size, unsigned seed) {
    for (int row = 0; row < size; row++)
        for (int column = 0; column <= size; column++) {
            seed = seed * 1664525u + 1013904223u;
            matrix[row][column] = (double)(int)(seed >> 8 & 0xffff) / 1024.0 - (double)(seed >> 28);
        }
}

static double eliminate(int size) {
    double product = 1;
    for (int step = 0; step < size; step++) {
        int pivot = step;
        for (int row = step + 1; row < size; row++)
            if (magnitude(matrix[row][step]) > magnitude(matrix[pivot][step])) pivot = row;
        if (matrix[pivot][step] == 0) return 0;
        if (pivot != step) {
            product = -product;
            for (int column = 0; column <= size; column++) {
                double held = matrix[step][column];
                matrix[step][column] = matrix[pivot][column];
                matrix[pivot][column] = held;
            }
        }
        product *= matrix[step][step];
        for (int row = step + 1; row < size; row++) {
            double factor = matrix[row][step] / matrix[step][step];
            for (int column = step; column <= size; column++) matrix[row][column] -= factor * matrix[step][column];
        }
    }
    return product;
}

double determinant(int size, unsigned seed) {
    if (size < 1 || size > SIZE) __builtin_trap();
    fill(size, seed);
    return eliminate(size);
}

// The last unknown in thousandths, rounded towards zero; what does not fit is the nearest number.
int last_unknown(int size, unsigned seed) {
    if (size < 1 || size > SIZE) __builtin_trap();
    fill(size, seed);
    if (eliminate(size) == 0) return 0;
    return (int)(matrix[size - 1][size] / matrix[size - 1][size - 1] * 1000);
}

float mean(unsigned seed) {
    fill(SIZE, seed);
    float sum = 0;
    for (int row = 0; row < SIZE; row++)
        for (int column = 0; column <= SIZE; column++) sum += (float)matrix[row][column];
    return sum / (SIZE * (SIZE + 1));
}
