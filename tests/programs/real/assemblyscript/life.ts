// Conway's game of life on a torus, in a typed array; and a generator with 64 bits that fills it.

let state: u64 = 1;

function random(): u64 {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

class Board {
  private cells: Uint8Array;
  constructor(public width: i32, public height: i32) { this.cells = new Uint8Array(width * height); }

  at(x: i32, y: i32): i32 {
    return this.cells[(y + this.height) % this.height * this.width + (x + this.width) % this.width];
  }

  set(x: i32, y: i32, alive: bool): void { this.cells[y * this.width + x] = alive ? 1 : 0; }

  next(): Board {
    const made = new Board(this.width, this.height);
    for (let y = 0; y < this.height; y++)
      for (let x = 0; x < this.width; x++) {
        let around = -this.at(x, y);
        for (let dy = -1; dy <= 1; dy++)
          for (let dx = -1; dx <= 1; dx++) around += this.at(x + dx, y + dy);
        made.set(x, y, around == 3 || (around == 2 && this.at(x, y) == 1));
      }
    return made;
  }

  alive(): i32 { return this.cells.reduce<i32>((sum, cell) => sum + cell, 0); }
}

/** How many cells live after some rounds. */
export function life(size: i32, rounds: i32, seed: u64): i32 {
  state = seed;
  let board = new Board(size, size);
  for (let y = 0; y < size; y++) for (let x = 0; x < size; x++) board.set(x, y, random() % 3 == 0);
  while (rounds-- > 0) board = board.next();
  return board.alive();
}
