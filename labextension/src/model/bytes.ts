/** `999 B`, `212 kB`, `1.07 GB`: powers of 1,000, three digits. */
export function bytes(size_bytes: number): string {
  let size = size_bytes;
  let unit = 0;
  for (; size >= 999.5 && unit < 4; unit++) size /= 1000;
  return `${unit ? Number(size.toPrecision(3)) : size} ${["B", "kB", "MB", "GB", "TB"][unit]}`;
}
