/** When things are done: not too often, only if nothing else is to be done, later each time. */

/** A function that does `what` at once, and then at most every `gap_ms`; `stop` forgets what waits. */
export function paced(what: () => unknown, gap_ms: number): { (): void; stop(): void } {
  let last = -Infinity;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const now = (): void => {
    timer = undefined;
    last = Date.now();
    what();
  };
  const ask = (): void => {
    if (timer !== undefined) return;
    const left_ms = last + gap_ms - Date.now();
    // a clock that was set back must not stop it for hours
    if (left_ms > 0) timer = setTimeout(now, Math.min(left_ms, gap_ms));
    else now();
  };
  ask.stop = (): void => {
    clearTimeout(timer);
    timer = undefined;
  };
  return ask;
}

/** Do `what` before the next picture; a hidden page draws none, so there after 100 ms. */
export function beforeDrawing(what: () => void): void {
  let done = false;
  const once = (): void => {
    if (!done) what();
    done = true;
  };
  requestAnimationFrame(once);
  setTimeout(once, 100);
}

/** Resolves when the page has nothing to do, within 200 ms. */
export function idle(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof requestIdleCallback === "function") requestIdleCallback(() => resolve(), { timeout: 200 });
    else setTimeout(resolve, 20);
  });
}

/** ms before attempt `n` (0, 1, …) is made: 0.5 to 15 s, spread so that pages do not come at once. */
export function backOff_ms(n: number, random: () => number = Math.random): number {
  return Math.min(15_000, 500 * 2 ** n) * (0.5 + random() / 2);
}
