/**
 * Memory and times as people write them, `16G`, `2h`, in MB of 10^6 bytes and in seconds: what
 * `arp_nb/quantities.py` reads, but for numbers without a unit, which people mean differently.
 */

/** MB of each unit: powers of 1,000, and of 1,024 where it says so. */
const MB: Readonly<Record<string, number>> = { k: 1e-3, m: 1, g: 1e3, t: 1e6, ki: 2 ** 10 / 1e6, mi: 2 ** 20 / 1e6, gi: 2 ** 30 / 1e6, ti: 2 ** 40 / 1e6 };
const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, min: 60, h: 3600, d: 86_400 };
/** 100 TB, and ten years: more is a typing error. */
const MOST_MB = 1e8;
const MOST_S = 3.2e8;

/** MB, or what is wrong with the text, in words. */
export function memoryMb(text: string): number | string {
  const [, number, unit] = /^(\d{1,12}(?:\.\d{1,6})?) *([kmgt]i?)?b?$/i.exec(text.trim()) ?? [];
  if (!number) return "Write memory as 16G or 500M.";
  if (!unit) return `${number} what? Write ${number}G or ${number}M.`;
  return within(Number(number) * MB[unit.toLowerCase()]!, MOST_MB, "memory");
}

/** Seconds, or what is wrong with the text, in words. `1:30` is hours and minutes, as people say it. */
export function timeS(text: string): number | string {
  const clean = text.trim();
  const [, days, hours, minutes, seconds] = /^(?:(\d{1,4})-)?(\d{1,4}):(\d{2})(?::(\d{2}))?$/.exec(clean) ?? [];
  if (minutes) return within(Number(days ?? 0) * 86_400 + Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds ?? 0), MOST_S, "time");
  const [, number, unit] = /^(\d{1,9}(?:\.\d{1,3})?) *(s|min|m|h|d)?$/i.exec(clean) ?? [];
  if (!number) return "Write a time as 2h, 90min or 1:30.";
  if (!unit) return `${number} what? Write ${number}h or ${number}min.`;
  return within(Number(number) * SECONDS[unit.toLowerCase()]!, MOST_S, "time");
}

function within(amount: number, most: number, what: string): number | string {
  if (amount < 1) return `Too little ${what}.`;
  return amount > most ? `Too much ${what}.` : amount;
}

/** `16.4G`, `500M`: rounded up, never to less. */
export function memoryText(memory_mb: number): string {
  return memory_mb < 1000 ? `${Math.ceil(memory_mb)}M` : `${Math.ceil(memory_mb / 100 - 1e-9) / 10}G`;
}

/** `2h`, `90min`: rounded up to whole minutes. */
export function timeText(time_s: number): string {
  const minutes = Math.ceil(time_s / 60 - 1e-9);
  return minutes % 60 ? `${minutes}min` : `${minutes / 60}h`;
}
