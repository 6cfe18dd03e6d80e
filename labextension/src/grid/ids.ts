/**
 * From the id of a row to its place, without a map of a million entries: rows come in runs of
 * rising or falling ids, and each run is searched by halving.
 */

interface Run {
  first: number;
  last: number;
  /** 1: ids rise with the row; -1: they fall; 0: one row so far. */
  way: -1 | 0 | 1;
}

/** With more runs than this, rows are sorted by id once instead. */
const MOST_RUNS = 32;

export class Ids {
  private runs: Run[] = [];
  /** Rows before `sortedRows`, by their id. */
  private sorted = new Uint32Array(0);

  /** `id(row)` gives the id of a physical row. */
  constructor(private readonly id: (row: number) => number) {}

  /** Rows `first` up to (not including) `end` were added behind those known. */
  add(first: number, end: number): void {
    for (let row = first; row < end; row++) {
      const run = this.runs[this.runs.length - 1];
      const way = run ? Math.sign(this.id(row) - this.id(run.last)) : 0;
      if (run && way && (run.way === way || run.way === 0)) {
        run.way = way as -1 | 1;
        run.last = row;
      } else {
        this.runs.push({ first: row, last: row, way: 0 });
      }
    }
    if (this.runs.length > MOST_RUNS) this.sort(end);
  }

  /** The latest row of an id; -1 if there is none. */
  rowOf(id: number): number {
    for (let i = this.runs.length - 1; i >= 0; i--) {
      const { first, last, way } = this.runs[i]!;
      const row = this.search(id, first, last, (at) => at, way || 1);
      if (row >= 0) return row;
    }
    return this.search(id, 0, this.sorted.length - 1, (at) => this.sorted[at]!, 1);
  }

  private search(id: number, low: number, high: number, rowAt: (at: number) => number, way: number): number {
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const row = rowAt(middle);
      const side = (this.id(row) - id) * way;
      if (side === 0) return row;
      if (side < 0) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  private sort(rows: number): void {
    const ids = Float64Array.from({ length: rows }, (_, row) => this.id(row));
    this.sorted = Uint32Array.from(ids.keys()).sort((a, b) => ids[a]! - ids[b]! || a - b);
    this.runs = [];
  }
}
