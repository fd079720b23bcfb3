// The set of Mandelbrot drawn in letters in memory, in single precision; the result is how many points belong to it.
#define WIDTH 24
#define HEIGHT 9

static char picture[HEIGHT][WIDTH + 1];

char *drawn(void) { return &picture[0][0]; }

static int escape(float cx, float cy, int limit) {
    float x = 0, y = 0;
    for (int i = 0; i < limit; i++) {
        float xx = x * x, yy = y * y;
        if (xx + yy > 4.0f) return i;
        y = 2 * x * y + cy;
        x = xx - yy + cx;
    }
    return limit;
}

int draw(float left, float top, float step, int limit) {
    int inside = 0;
    for (int row = 0; row < HEIGHT; row++) {
        for (int column = 0; column < WIDTH; column++) {
            int count = escape(left + step * (float)column, top + 2 * step * (float)row, limit);
            inside += count == limit;
            picture[row][column] = count == limit ? '#' : " .:-=+*%"[count * 8 / limit];
        }
        picture[row][WIDTH] = '\n';
    }
    return inside;
}
