/** Elements without HTML: text is text, whoever wrote it. */

type Child = Node | string | number | null | undefined | false;

/** Attributes: `class`, `data-*`, `aria-*` and the like; functions are listeners (`onclick`). */
export type Attributes = Readonly<
  Record<string, string | number | boolean | null | undefined | ((event: never) => void)>
>;

/** Make an element: `el("button.arp-btn", {type: "button", onclick: go}, "Go")`. */
export function el<K extends keyof HTMLElementTagNameMap>(
  what: K | `${K}.${string}`,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const [tag, ...classes] = what.split(".") as [K, ...string[]];
  const made = document.createElement(tag);
  if (classes.length) made.className = classes.join(" ");
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") {
      made.addEventListener(name.slice(2), value as EventListener);
    } else if (name === "class") {
      made.className += `${made.className && " "}${value}`;
    } else {
      made.setAttribute(name, value === true ? "" : String(value));
    }
  }
  made.append(...kept(children));
  return made;
}

/** Put children in place of whatever is there. */
export function fill(parent: Element, ...children: Child[]): void {
  parent.replaceChildren(...kept(children));
}

/** Have exactly these children, in this order, moving none that is in its place: a moved one loses the focus. */
export function arrange(parent: Element, children: readonly Element[]): void {
  const stay = new Set(children);
  for (const child of [...parent.children]) if (!stay.has(child)) child.remove();
  let next = parent.firstElementChild;
  for (const child of children) {
    if (child === next) next = next.nextElementSibling;
    else parent.insertBefore(child, next);
  }
}

function kept(children: readonly Child[]): (Node | string)[] {
  return children
    .filter((child): child is Node | string | number => child !== null && child !== undefined && child !== false)
    .map((child) => (typeof child === "number" ? String(child) : child));
}

// a notebook may hold this module once for each widget: a count alone would give an id twice
const SEED = Math.random().toString(36).slice(2, 8);
let made = 0;

/** An id that no other element of the page has, as "arp-menu-x7k2p0-3". */
export function unique(prefix: string): string {
  return `${prefix}-${SEED}-${++made}`;
}
