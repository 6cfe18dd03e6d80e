/** To be told when a dialog was closed, by whichever way. */

/** Do something when an element was taken off the page, by whichever way its dialog was closed. */
export function whenGone(element: HTMLElement, act: () => void): void {
  const look = new MutationObserver(() => {
    if (element.isConnected) return;
    look.disconnect();
    act();
  });
  look.observe(document.body, { childList: true, subtree: true });
}
