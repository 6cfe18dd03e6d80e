/** Copying, also where the page is not served by https and has no clipboard of its own. */

/** True if `text` is on the clipboard now. `root` is where the fallback's field may stand. */
export async function copied(text: string, root: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copiedByField(text, root);
  }
}

function copiedByField(text: string, root: HTMLElement): boolean {
  const before = document.activeElement as HTMLElement | null;
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "arp-sr";
  root.append(field);
  field.focus();
  field.select();
  let done = false;
  try {
    done = document.execCommand("copy");
  } catch {
    done = false;
  }
  field.remove();
  before?.focus();
  return done;
}
