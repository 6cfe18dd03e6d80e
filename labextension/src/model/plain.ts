/** Text from jobs, users and schedulers, with what it hides made visible: `arp_nb/client/markup.py`. */

const HIDDEN =
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|\p{Surrogate}/gu;

/** Show control and direction characters by their number, as `\u202e`; cut after `longest` characters. */
export function plain(text: string, longest = 300): string {
  const piece = text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
  return piece.replace(HIDDEN, (one) => `\\u${one.codePointAt(0)?.toString(16).padStart(4, "0")}`);
}
