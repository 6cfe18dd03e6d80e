/** Menus and lists to choose from: arrows, Home, End, type-ahead or a search field, Enter, Esc. */

import { el, fill, unique } from "../../dom";
import { icon } from "../../icons";
import type { MenuItem } from "../shell";
import { elsewhere, place } from "./place";

/** Pause after which typed letters begin a new word, in ms. */
const WORD_MS = 700;
const NO_MATCH = "Nothing matches.";

export class Menu {
  readonly #id = unique("arp-menu");
  readonly #list: HTMLElement;
  readonly #field: HTMLInputElement | null = null;
  readonly #hint = el("p.arp-muted", { hidden: true });
  readonly #box: HTMLElement;
  readonly #option: string;
  #shown: readonly MenuItem[] = [];
  #at = 0;
  #word = "";
  #wordAt = 0;
  #stop: () => void = () => {};
  /** Empty while they are still to come. */
  #items: readonly MenuItem[] = [];
  /** What is said where no item is shown. */
  #none = NO_MATCH;

  /** If `items` fail to come, the menu closes: whoever asked for them says why. */
  constructor(
    readonly root: HTMLElement,
    readonly owner: HTMLElement,
    items: readonly MenuItem[] | Promise<readonly MenuItem[]>,
    search?: string,
  ) {
    if (items instanceof Promise) this.#await(items);
    else this.#items = items;
    const chooses = search !== undefined || this.#items.some((item) => item.on !== undefined);
    this.#option = chooses ? "option" : "menuitem";
    const name = search ?? owner.getAttribute("aria-label") ?? owner.textContent ?? "Menu";
    this.#list = el("div", { role: chooses ? "listbox" : "menu", id: this.#id, "aria-label": name, tabindex: search === undefined ? 0 : null });
    this.#box = el("div.arp-menu", { onkeydown: (event: KeyboardEvent) => this.#key(event) });
    if (search !== undefined) {
      this.#field = el("input", {
        role: "combobox", "aria-expanded": "true", "aria-controls": this.#id, "aria-label": search,
        placeholder: search, autocomplete: "off", spellcheck: "false", oninput: () => this.#filter(),
      });
      this.#box.append(el("div.arp-field", {}, icon("search"), this.#field));
    }
    this.#box.append(this.#list, this.#hint);
    root.append(this.#box);
    this.#filter();
    place(root, owner, this.#box);
    owner.setAttribute("aria-expanded", "true");
    (this.#field ?? this.#list).focus();
    this.#stop = elsewhere([this.#box, owner], () => this.close(false));
  }

  close(refocus = true): void {
    this.#stop();
    this.owner.setAttribute("aria-expanded", "false");
    if (!this.#box.isConnected) return;
    this.#box.remove();
    if (refocus) this.owner.focus();
  }

  get open(): boolean {
    return this.#box.isConnected;
  }

  #await(items: Promise<readonly MenuItem[]>): void {
    this.#none = "Loading …";
    void items.then((come) => {
      this.#none = NO_MATCH;
      this.#items = come;
      if (!this.open) return;
      this.#filter();
      place(this.root, this.owner, this.#box);
    }, () => this.close());
  }

  #filter(): void {
    const typed = (this.#field?.value ?? "").trim().toLowerCase();
    this.#shown = this.#items.filter(
      (item) => item.always || !typed || `${item.label} ${item.note ?? ""}`.toLowerCase().includes(typed),
    );
    fill(this.#list, ...this.#shown.flatMap((item, at) => this.#draw(item, at)));
    if (!this.#shown.length) fill(this.#list, el("p.arp-opt.arp-muted", {}, this.#none));
    const on = typed ? -1 : this.#shown.findIndex((item) => item.on);
    this.#move(on >= 0 ? on : this.#usable(0, 1));
  }

  #draw(item: MenuItem, at: number): HTMLElement[] {
    const first = item.group !== undefined && item.group !== this.#shown[at - 1]?.group;
    const option = el("div.arp-opt", {
      role: this.#option, id: `${this.#id}-${at}`, "aria-disabled": item.off ? "true" : null,
      "aria-selected": this.#option === "option" ? String(item.on === true) : null,
      onclick: () => this.#take(at, false), onmousemove: () => at !== this.#at && this.#move(at),
    }, item.on ? icon("check", 14) : null, el("span", {}, item.label), item.off || item.note ? el("small", {}, item.off || item.note) : null);
    return first ? [el("h3", { role: "presentation" }, item.group), option] : [option];
  }

  #usable(from: number, step: 1 | -1): number {
    for (let n = 0, at = from; n < this.#shown.length; n++, at += step) {
      const item = this.#shown[(at + this.#shown.length) % this.#shown.length];
      if (item && !item.off) return this.#shown.indexOf(item);
    }
    return 0;
  }

  #move(at: number): void {
    const old = this.#list.querySelector(".is-at");
    old?.classList.remove("is-at");
    this.#at = at;
    const option = this.#list.querySelector(`#${this.#id}-${at}`);
    option?.classList.add("is-at");
    option?.scrollIntoView?.({ block: "nearest" });
    const holder = this.#field ?? this.#list;
    if (option) holder.setAttribute("aria-activedescendant", option.id);
    else holder.removeAttribute("aria-activedescendant");
    const shift = this.#shown[at]?.shift;
    this.#hint.hidden = !shift;
    fill(this.#hint, el("kbd", {}, "Shift"), el("kbd", {}, "Enter"), ` ${shift?.label ?? ""}`);
  }

  #take(at: number, shift: boolean): void {
    const item = this.#shown[at];
    if (!item || item.off) return;
    const typed = this.#field?.value.trim() ?? "";
    this.close();
    if (shift && item.shift) item.shift.do();
    else item.do(typed);
  }

  #key(event: KeyboardEvent): void {
    event.stopPropagation();
    const last = this.#shown.length - 1;
    const edge = this.#field?.value ? undefined : { Home: () => this.#move(this.#usable(0, 1)), End: () => this.#move(this.#usable(last, -1)) };
    const moves: Record<string, (() => void) | undefined> = {
      ArrowDown: () => this.#move(this.#usable(this.#at + 1, 1)),
      ArrowUp: () => this.#move(this.#usable(this.#at - 1, -1)),
      Enter: () => this.#take(this.#at, event.shiftKey),
      Escape: () => this.close(),
      ...edge,
    };
    if (event.key === "Tab") return this.close();
    const act = moves[event.key] ?? (this.#field || event.key.length > 1 ? undefined : () => this.#type(event.key));
    if (!act) return;
    event.preventDefault();
    act();
  }

  /** Without a search field letters go to the next item that begins with them. */
  #type(letter: string): void {
    if (letter === " " && !this.#word) return this.#take(this.#at, false);
    const now = Date.now();
    this.#word = (now - this.#wordAt > WORD_MS ? "" : this.#word) + letter.toLowerCase();
    this.#wordAt = now;
    const hits = this.#shown.map((item, at) => (!item.off && item.label.toLowerCase().startsWith(this.#word) ? at : -1)).filter((at) => at >= 0);
    const next = this.#word.length === 1 ? (hits.find((at) => at > this.#at) ?? hits[0]) : hits[0];
    if (next !== undefined) this.#move(next);
  }
}
