/**
 * Strings by number, kept as UTF-8 as they came and decoded when asked for: the words of a
 * dict column, or the rows of a text column.
 */

interface Block {
  first: number;
  /** Strings that are decoded already… */
  strings?: string[];
  /** …or where each begins in `bytes`, and where the last ends. */
  offsets?: Uint32Array;
  bytes?: Uint8Array;
}

/** More words than this in one frame are names rather than categories: kept, but not compared. */
const MOST_NEW_WORDS = 4096;
/** Most words that are looked up by their text. */
const MOST_KNOWN_WORDS = 65_536;

const decoder = new TextDecoder();

export class Words {
  length = 0;
  private readonly blocks: Block[] = [];
  private readonly codes = new Map<string, number>();

  /** The string of a number below `length`. */
  at(index: number): string {
    const block = this.blocks[this.blockOf(index)];
    if (!block) return "";
    const at = index - block.first;
    if (block.strings) return block.strings[at] ?? "";
    return decoder.decode(block.bytes!.subarray(block.offsets![at], block.offsets![at + 1]));
  }

  /** Keep strings as they came; returns the number of the first. Bytes are copied. */
  append(offsets: Uint32Array, bytes: Uint8Array): number {
    const first = this.length;
    if (offsets.length > 1) this.blocks.push({ first, offsets: offsets.slice(), bytes: bytes.slice() });
    this.length += Math.max(0, offsets.length - 1);
    return first;
  }

  /**
   * Take in a frame's dictionary; returns this dictionary's code for each of its codes.
   *
   * A word has one code, except in dictionaries so large that they are no categories: there
   * a later frame's words are added as they are, and may repeat earlier ones.
   */
  merge(offsets: Uint32Array, bytes: Uint8Array): Uint32Array {
    const count = Math.max(0, offsets.length - 1);
    const codes = new Uint32Array(count);
    if (count > MOST_NEW_WORDS || this.codes.size > MOST_KNOWN_WORDS) {
      const first = this.append(offsets, bytes);
      for (let i = 0; i < count; i++) codes[i] = first + i;
    } else {
      for (let i = 0; i < count; i++) {
        codes[i] = this.codeOf(decoder.decode(bytes.subarray(offsets[i], offsets[i + 1])));
      }
    }
    return codes;
  }

  /** The code of a word, which is added if it is new. */
  codeOf(word: string): number {
    const known = this.codes.get(word);
    if (known !== undefined) return known;
    let last = this.blocks[this.blocks.length - 1];
    if (!last?.strings) this.blocks.push((last = { first: this.length, strings: [] }));
    last.strings!.push(word);
    this.codes.set(word, this.length);
    return this.length++;
  }

  /** Call `see` with every string in turn: each block is decoded in one go. */
  each(see: (word: string, index: number) => void): void {
    for (const { first, strings, offsets, bytes } of this.blocks) {
      if (strings) {
        strings.forEach((word, i) => see(word, first + i));
        continue;
      }
      const text = decoder.decode(bytes);
      const ascii = text.length === bytes!.length;
      for (let i = 0; i + 1 < offsets!.length; i++) {
        const [from, to] = [offsets![i], offsets![i + 1]];
        see(ascii ? text.slice(from, to) : decoder.decode(bytes!.subarray(from, to)), first + i);
      }
    }
  }

  private blockOf(index: number): number {
    let [low, high] = [0, this.blocks.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.blocks[middle]!.first <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
