// The product of two matrices of 8 rows and 8 columns.

#include "memory.h"

#define ROW(a) { a + 1, a * 3 - 7, 5 - a, a * a, 11 * a - 40, 2, a - 9, 100 - a * 13 }

int left[8][8] = {ROW(0), ROW(1), ROW(2), ROW(3), ROW(4), ROW(5), ROW(6), ROW(7)};
int right[8][8] = {ROW(9), ROW(8), ROW(15), ROW(14), ROW(13), ROW(12), ROW(11), ROW(10)};
int product[8][8];

EXPORT("matrix_product") void matrix_product(void) {
  for (u32 row = 0; row < 8; row++)
    for (u32 column = 0; column < 8; column++) {
      int sum = 0;
      for (u32 i = 0; i < 8; i++) sum += left[row][i] * right[i][column];
      product[row][column] = sum;
    }
}
