/** Where a menu or a panel goes: below what it belongs to, and inside the board. */

/** Put `box`, an absolute child of `root`, below `at`, or above it where there is no room. */
export function place(root: HTMLElement, at: HTMLElement, box: HTMLElement): void {
  const field = root.getBoundingClientRect();
  const from = at.getBoundingClientRect();
  const { width, height } = box.getBoundingClientRect();
  const below = field.bottom - from.bottom - 8;
  const above = from.top - field.top - 8;
  const up = height > below && above > below;
  const left = Math.max(4, Math.min(from.left - field.left, field.width - width - 4));
  box.style.left = `${left}px`;
  box.style.top = `${up ? Math.max(4, from.top - field.top - Math.min(height, above) - 2) : from.bottom - field.top + 2}px`;
  box.style.maxHeight = `${Math.max(96, up ? above : below)}px`;
}

/** Call `away` when a press or the focus goes elsewhere; returns how to stop. */
export function elsewhere(inside: readonly HTMLElement[], away: (event: Event) => void): () => void {
  const look = (event: Event): void => {
    if (!inside.some((one) => event.composedPath().includes(one))) away(event);
  };
  const names = ["pointerdown", "focusin"];
  for (const name of names) document.addEventListener(name, look, true);
  return () => names.forEach((name) => document.removeEventListener(name, look, true));
}
