/** Frames as they travel: one HTTP body, or a comm message with binary buffers. */

import type { Frame, FrameHead } from "./types";

const ALIGN = 8;
const aligned = (bytes: number): number => Math.ceil(bytes / ALIGN) * ALIGN;

/** Read `u32 header length, JSON header, padding, buffers`. Throws `Error` if bytes are missing. */
export function decodeHttp(body: ArrayBuffer): Frame {
  if (body.byteLength < 4) throw new Error("The table's answer is empty.");
  const length = new DataView(body).getUint32(0, true);
  const start = aligned(4 + length);
  if (4 + length > body.byteLength) throw new Error("The table's answer is cut off in its header.");
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(body, 4, length))) as FrameHead;
  let at = start;
  const buffers = head.sizes.map((size) => {
    if (at + size > body.byteLength) throw new Error("The table's answer is cut off.");
    const buffer = new Uint8Array(body, at, size);
    at = aligned(at + size);
    return buffer;
  });
  return { head, buffers };
}

/** Read a comm message. Buffers which are not at a multiple of 8 bytes are copied. */
export function decodeComm(head: FrameHead, views: readonly DataView[]): Frame {
  if (views.length !== head.sizes.length) throw new Error("The table's message lacks buffers.");
  const buffers = views.map(({ buffer, byteOffset, byteLength }) => {
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    return byteOffset % ALIGN ? bytes.slice() : bytes;
  });
  return { head, buffers };
}
