/**
 * What a terminal would show of a line, as text with looks; never as HTML.
 *
 * Colours become eight hues that are readable in both themes, whatever shade was asked for.
 * What a terminal would obey (moves, titles, links) is dropped. What nobody would see (control
 * characters, marks that turn the reading direction) is made visible.
 */

/** Text, and the classes of its look: "" if it has none. */
export interface Span {
  text: string;
  look: string;
}

/** CSI, OSC, DCS and their like, two-character escapes. Unfinished ones stay, and are seen. */
const ESCAPE =
  /\x1b(?:\[([0-?]*)[ -/]*([@-~])|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_][^\x1b]*\x1b\\|[ -/]*[0-OQ-WYZ\\`-~])/g;
const UNSEEN =
  /[\0-\x08\n-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;
/** A hue: 0 is the colour of the text, 8 grey; of the eight colours of terminals by `% 7`, white is 0. */
const GREY = 8;
const INVERSE = 7;

/** Of a line that was written over (progress after CR) what stands in the end. */
function lastWritten(raw: string): string {
  if (!raw.includes("\r")) return raw;
  const line = raw.replace(/\r+$/, "");
  return line.slice(line.lastIndexOf("\r") + 1);
}

function seen(text: string): string {
  return text.replace(UNSEEN, (mark) => {
    const code = mark.charCodeAt(0);
    // as `less` and `cat -v` show them: many fonts have no pictures of control characters
    if (code < 32 || code === 127) return `^${String.fromCharCode(code ^ 64)}`;
    return `⟨${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
}

/** The line as it is read: what search, folding and copying see. */
export function plainText(raw: string): string {
  return seen(lastWritten(raw).replace(ESCAPE, ""));
}

/** The line with its looks; the texts together are `plainText(raw)`. */
export function spans(raw: string): Span[] {
  const line = lastWritten(raw);
  const found: Span[] = [];
  const pen = new Pen();
  let from = 0;
  const put = (to: number): void => {
    if (to > from) found.push({ text: seen(line.slice(from, to)), look: pen.look() });
  };
  for (const match of line.matchAll(ESCAPE)) {
    put(match.index);
    from = match.index + match[0].length;
    if (match[2] === "m") pen.set(match[1] ?? "");
  }
  put(line.length);
  return found;
}

/** The state that SGR sequences change. */
class Pen {
  #ink = 0;
  #ground = 0;
  #flags = 0;

  look(): string {
    const inverse = this.#flags & (1 << INVERSE);
    const ground = inverse ? this.#ink || GREY : this.#ground;
    const looks: string[] = [];
    if (ground) looks.push(`b${ground}`);
    else if (this.#ink) looks.push(`a${this.#ink}`);
    for (const flag of [1, 2, 3, 4, 9]) {
      if (this.#flags & (1 << flag)) looks.push(`s${flag}`);
    }
    return looks.join(" ");
  }

  set(parameters: string): void {
    const words = parameters.split(";");
    for (let at = 0; at < words.length; at++) {
      const parts = (words[at] ?? "").split(":").map(Number);
      const code = parts[0] || 0;
      if (code !== 38 && code !== 48) this.#plain(code);
      else if (parts.length > 1) this.#paint(code, parts[1] === 2 ? [2, ...parts.slice(-3)] : parts.slice(1));
      else {
        const rest = words.slice(at + 1, at + 5).map(Number);
        this.#paint(code, rest);
        at += rest[0] === 2 ? 4 : 2;
      }
    }
  }

  #plain(code: number): void {
    const last = code % 10;
    const tens = (code - last) / 10;
    const hue = last > 7 ? 0 : tens > 8 && !last ? GREY : last % 7;
    if (!code) this.#ink = this.#ground = this.#flags = 0;
    else if (!tens) this.#flags |= 1 << last;
    else if (tens === 2) this.#flags &= ~(last === 2 ? 6 : 1 << last);
    else if (tens === 3 || tens === 9) this.#ink = hue;
    else if (tens === 4 || tens === 10) this.#ground = hue;
  }

  #paint(code: number, [kind, ...values]: number[]): void {
    const [first = 0, second = 0, third = 0] = values;
    const hue = kind === 2 ? hueOf(first, second, third) : hueOfIndex(first);
    if (code === 38) this.#ink = hue;
    else this.#ground = hue;
  }
}

function hueOfIndex(index: number): number {
  if (index < 16) return index === 8 ? GREY : (index % 8) % 7;
  const step = (nth: number): number => {
    const level = Math.floor((index - 16) / nth) % 6;
    return level && level * 40 + 55;
  };
  const grey = 8 + 10 * (index - 232);
  return index < 232 ? hueOf(step(36), step(6), step(1)) : hueOf(grey, grey, grey);
}

/** The nearest hue: red 1, green 2, yellow 3, blue 4, magenta 5, cyan 6, grey 8, none 0. */
function hueOf(red: number, green: number, blue: number): number {
  const most = Math.max(red, green, blue);
  const range = most - Math.min(red, green, blue);
  if (range < 40) return most > 70 && most < 190 ? GREY : 0;
  const sixth =
    most === red ? (green - blue) / range
    : most === green ? 2 + (blue - red) / range
    : 4 + (red - green) / range;
  const degrees = (sixth * 60 + 360) % 360;
  const at = [20, 75, 165, 200, 265, 330, 361].findIndex((end) => degrees < end);
  return [1, 3, 2, 6, 4, 5, 1][at] ?? 0;
}
