/** Text from jobs, users and schedulers, with what it hides made visible: `arp_nb/client/markup.py`. */

/** What emoji are made of; browsers differ in what they think it is. */
const PICTURE = String.raw`[\xa9\xae\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23fa\u24c2\u25aa-\u25fe\u2600-\u27bf\u2934\u2935\u2b05-\u2b55\u3030\u303d\u3297\u3299\u{1f000}-\u{1fffd}]`;
/** Joins two emoji to one, as in a family: it hides nothing. */
const JOINER = String.raw`${PICTURE}[\ufe0f\u{1f3fb}-\u{1f3ff}]?\u200d(?=${PICTURE})`;
const HIDDEN = new RegExp(String.raw`[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}\p{Surrogate}](?<!${JOINER})`, "gu");
/** Half a character, or half an emoji, where a text was cut. */
const HALF = /[\ud800-\udbff\u200d]+$/;

/** Show control and direction characters by their number, as `\u202e`; cut after `longest` characters. */
export function plain(text: string, longest = 300): string {
  const piece = text.length > longest ? `${text.slice(0, longest - 1).replace(HALF, "")}…` : text;
  return piece.replace(HIDDEN, (one) => `\\u${one.codePointAt(0)?.toString(16).padStart(4, "0")}`);
}
