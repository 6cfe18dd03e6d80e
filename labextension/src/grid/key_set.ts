/** Sets of whole numbers as ranges: a selection of a million rows is a handful of pairs. */

import type { IdRange } from "./types";

/** Ordered, disjoint, inclusive: first, last, first, last, … */
type Bounds = readonly number[];

/** Never changes: each operation gives a new set. */
export class KeySet implements ReadonlySet<number> {
  readonly size: number;

  private constructor(private readonly bounds: Bounds) {
    let size = 0;
    for (let i = 0; i < bounds.length; i += 2) size += bounds[i + 1]! - bounds[i]! + 1;
    this.size = size;
  }

  static readonly none = new KeySet([]);

  static of(keys: Iterable<number>): KeySet {
    const ranges: [number, number][] = [];
    let last: [number, number] | undefined;
    for (const key of keys) {
      if (last && key === last[1] + 1) last[1] = key;
      else if (last && key === last[0] - 1) last[0] = key;
      else ranges.push((last = [key, key]));
    }
    return KeySet.ofRanges(ranges);
  }

  static ofRanges(ranges: readonly IdRange[]): KeySet {
    const bounds: number[] = [];
    for (const [first, last] of [...ranges].sort((a, b) => a[0] - b[0])) {
      const end = bounds.length - 1;
      if (end > 0 && first <= bounds[end]! + 1) bounds[end] = Math.max(bounds[end]!, last);
      else bounds.push(first, last);
    }
    return new KeySet(bounds);
  }

  has(key: number): boolean {
    const { bounds } = this;
    let [low, high] = [0, bounds.length >> 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (bounds[2 * middle + 1]! < key) low = middle + 1;
      else high = middle;
    }
    return low * 2 < bounds.length && bounds[2 * low]! <= key && Number.isInteger(key);
  }

  with(other: KeySet): KeySet {
    return this.size ? KeySet.ofRanges([...this.ranges(), ...other.ranges()]) : other;
  }

  without(other: KeySet): KeySet {
    const bounds: number[] = [];
    let cut = 0;
    for (let i = 0; i < this.bounds.length; i += 2) {
      let first = this.bounds[i]!;
      const last = this.bounds[i + 1]!;
      while (cut < other.bounds.length && other.bounds[cut + 1]! < first) cut += 2;
      for (let j = cut; j < other.bounds.length && other.bounds[j]! <= last; j += 2) {
        if (other.bounds[j]! > first) bounds.push(first, other.bounds[j]! - 1);
        first = other.bounds[j + 1]! + 1;
      }
      if (first <= last) bounds.push(first, last);
    }
    return new KeySet(bounds);
  }

  ranges(): IdRange[] {
    return Array.from({ length: this.bounds.length / 2 }, (_, i) => [this.bounds[2 * i]!, this.bounds[2 * i + 1]!]);
  }

  *values(): SetIterator<number> {
    for (const [first, last] of this.ranges()) {
      for (let key = first; key <= last; key++) yield key;
    }
    return undefined;
  }

  keys(): SetIterator<number> {
    return this.values();
  }

  *entries(): SetIterator<[number, number]> {
    for (const key of this.values()) yield [key, key];
    return undefined;
  }

  [Symbol.iterator](): SetIterator<number> {
    return this.values();
  }

  forEach(see: (key: number, again: number, set: ReadonlySet<number>) => void): void {
    for (const key of this.values()) see(key, key, this);
  }
}
