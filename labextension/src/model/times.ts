/** Instants and durations as people read them, in the time zone of whoever looks. */

import type { Instant } from "./rows";

/** ms since 1970 UTC; NaN for null and for what is no instant. */
export function ms(instant: Instant | null | undefined): number {
  return instant ? Date.parse(instant) : NaN;
}

const two = (n: number): string => String(n).padStart(2, "0");

/** `14:02:11`; "" for NaN. */
export function clock(at_ms: number): string {
  const at = new Date(at_ms);
  return isNaN(at_ms) ? "" : `${minute(at_ms)}:${two(at.getSeconds())}`;
}

/** `14:02`; "" for NaN. */
export function minute(at_ms: number): string {
  const at = new Date(at_ms);
  return isNaN(at_ms) ? "" : `${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** `14:02:11` today, `20 Nov 11:02` this year, `20 Nov 2025` before that; "" for NaN. */
export function when(at_ms: number, now_ms: number = Date.now()): string {
  const at = new Date(at_ms);
  const now = new Date(now_ms);
  if (isNaN(at_ms) || at.toDateString() === now.toDateString()) return clock(at_ms);
  const day = `${at.getDate()} ${MONTHS.slice(3 * at.getMonth(), 3 * at.getMonth() + 3)}`;
  return at.getFullYear() === now.getFullYear() ? `${day} ${minute(at_ms)}` : `${day} ${at.getFullYear()}`;
}
// not the locale's: the words around it are English, and so are the logs
const MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";

/** `0:02`, `18:22`, `1:00:00`; "" for NaN. Never negative: clocks of two machines differ. */
export function elapsed(duration_ms: number): string {
  if (isNaN(duration_ms)) return "";
  const s = Math.max(0, Math.floor(duration_ms / 1000));
  const m = Math.floor(s / 60);
  return m < 60 ? `${m}:${two(s % 60)}` : `${Math.floor(m / 60)}:${two(m % 60)}:${two(s % 60)}`;
}

/** `43 s`, `4 min`, `3 h`, `2 d`: how old, or how long still; "" for NaN. */
export function age(duration_ms: number): string {
  if (isNaN(duration_ms)) return "";
  const s = Math.max(0, Math.round(duration_ms / 1000));
  if (s < 90) return `${s} s`;
  if (s < 90 * 60) return `${Math.round(s / 60)} min`;
  return s < 36 * 3600 ? `${Math.round(s / 3600)} h` : `${Math.round(s / 86400)} d`;
}
