/** The bar above a log: search, folding, following, first error, wrapping, download. */

import type { Board } from "../../sources/board";
import { el } from "../../dom";
import { icon, type IconName } from "../../icons";
import { iconButton } from "./parts";

export interface LogBarEvents {
  search(): void;
  step(way: 1 | -1): void;
  error(): void;
  fold(): void;
  follow(): void;
  wrap(on: boolean): void;
}

export interface LogBar {
  readonly el: HTMLElement;
  readonly text: string;
  readonly fold: boolean;
  readonly wrap: boolean;
  follow: boolean;
  /** What search has to say. */
  status(text: string): void;
  /** From now on the button finds the error after the last. */
  nextError(): void;
}

const pressed = (button: HTMLElement): boolean => button.getAttribute("aria-pressed") === "true";
const press = (button: HTMLElement, on: boolean): void => button.setAttribute("aria-pressed", String(on));

/** How a reader likes logs, remembered. */
interface Liked {
  fold?: boolean;
  wrap?: boolean;
}

export function drawLogBar(board: Board, job: number, native: string, events: LogBarEvents): LogBar {
  const liked = board.preferences.get<Liked>("log") ?? {};
  const search = drawSearch(events);
  const toggle = (what: string, say: string, on: boolean, act: () => void, picture?: IconName): HTMLButtonElement =>
    el(`button.arp-${say ? "btn" : "icon"}`, {
      type: "button", title: what, "aria-label": say ? null : what, "aria-pressed": String(on),
      onclick: (event: Event) => {
        const button = event.currentTarget as HTMLElement;
        press(button, !pressed(button));
        act();
      },
    }, picture && icon(picture), say);
  const keep = (): void => board.preferences.set("log", { fold: pressed(fold), wrap: pressed(wrap) } satisfies Liked);
  const fold = toggle("Fold repetition and tracebacks", "Fold", liked.fold ?? true, () => (keep(), events.fold()));
  const follow = toggle("Stay at the end as it grows", "Follow", true, events.follow, "follow");
  const wrap = toggle("Wrap long lines", "", liked.wrap ?? false, () => (keep(), events.wrap(pressed(wrap))), "wrap");
  const error = iconButton("warn", "First error", events.error);
  const href = board.api.href(`/jobs/${job}/log/download${native && `?native_id=${encodeURIComponent(native)}`}`);
  const download = href !== null && el("a.arp-icon", { href, download: "", "aria-label": "Download log", title: "Download log" }, icon("dl"));
  return {
    el: el("div.arp-dbar", {}, search.el, error, fold, follow, wrap, download),
    get text() { return search.input.value; },
    get fold() { return pressed(fold); },
    get wrap() { return pressed(wrap); },
    get follow() { return pressed(follow); },
    set follow(on) { press(follow, on); },
    status: (text) => (search.status.textContent = text),
    nextError: () => {
      error.title = "Next error";
      error.setAttribute("aria-label", error.title);
    },
  };
}

function drawSearch(events: LogBarEvents): { el: HTMLElement; input: HTMLInputElement; status: HTMLElement } {
  const status = el("span.arp-muted", { role: "status" });
  const input = el("input", {
    type: "search", "aria-label": "Search log", placeholder: "Search log", oninput: events.search,
    onkeydown: (event: KeyboardEvent) => {
      if (event.key === "Enter") events.step(event.shiftKey ? -1 : 1);
      else if (event.key === "Escape" && input.value) {
        input.value = "";
        events.search();
      } else return;
      event.stopPropagation();
      event.preventDefault();
    },
  });
  const field = el(
    "div.arp-field.arp-grow", {}, icon("search"), input, status,
    iconButton("up", "Previous match", () => events.step(-1)),
    iconButton("down", "Next match", () => events.step(1)),
  );
  return { el: field, input, status };
}
