/** How much of what is shown may be old, in words: for the pill, its panel and the banner. */

import { plain } from "../../model/plain";
import { title } from "../../model/status";
import { ms, when } from "../../model/times";
import type { Board } from "../../sources/board";
import type { IconName } from "../../icons";

export type Mood = "ok" | "busy" | "down";
export interface Part {
  name: string;
  mood: Mood;
  word: string;
  text: string;
}
export interface Health {
  mood: Mood;
  word: string;
  text: string;
  icon: IconName;
  parts: readonly Part[];
}

/** The worst of batch client, schedulers and live updates, and each of them. */
export function health(board: Board, now = Date.now()): Health {
  const all = [client(board), ...schedulers(board)];
  const live = board.connection.state === "live" || board.connection.state === "loading";
  // who answered when we last heard of it may be silent now
  const parts = [updates(board, now), ...(live ? all : all.map((part) => (part.mood === "ok" ? unheard(part, board.asOf) : part)))];
  const worst = parts.find((part) => part.mood === "down") ?? parts.find((part) => part.mood === "busy");
  const best = parts[2] ?? parts[1]!;
  const shown = worst ?? best;
  const icon = ({ ok: "tick", busy: "rerun", down: "cross" } as const)[shown.mood];
  return { mood: shown.mood, word: pill(shown), text: shown === parts[0] || !worst ? short(shown.text) : "", icon, parts };
}

const unheard = ({ name }: Part, asOf: number): Part => ({ name, mood: "busy", word: "not known", text: `was ok at ${when(asOf)}` });

function pill(part: Part): string {
  return part.name === "Live updates" ? part.word[0]!.toUpperCase() + part.word.slice(1) : `${part.name} ${part.word}`;
}

function short(text: string): string {
  return text.startsWith("since") ? "" : text;
}

function updates(board: Board, now: number): Part {
  const { state, attempt, next, since, why } = board.connection;
  const name = "Live updates";
  if (state === "live") return { name, mood: "ok", word: "ok", text: `last change ${when(board.asOf, now)}` };
  if (state === "loading") return { name, mood: "busy", word: "loading", text: "" };
  if (state === "reconnecting") {
    const wait = next === null ? "" : `, next in ${Math.max(0, Math.ceil((next - now) / 1000))} s`;
    return { name, mood: "busy", word: "reconnecting", text: `try ${attempt}${wait}` };
  }
  return { name, mood: "down", word: state === "down" ? "server down" : "closed", text: plain(why) || `since ${when(since, now)}` };
}

function client(board: Board): Part {
  const name = "Batch client";
  if (!board.health) return { name, mood: "busy", word: "not known yet", text: "" };
  const { ok, since } = board.health.client;
  const where = board.status?.host ?? "";
  return ok
    ? { name, mood: "ok", word: "ok", text: `${where}, since ${when(ms(since))}` }
    : { name, mood: "down", word: "down", text: `${where}, no answer since ${when(ms(since))}` };
}

/** The default one first. What is not asked while the batch client is away is not known. */
function schedulers(board: Board): Part[] {
  const first = board.status?.default_location ?? "";
  const all = Object.entries(board.health?.schedulers ?? {});
  all.sort(([one], [other]) => Number(other === first) - Number(one === first));
  return all.map(([location, { ok, since, said, answer_s }]): Part => {
    const name = title(location);
    if (!board.health?.client.ok) return { name, mood: "busy", word: "not known", text: `was ${ok ? "ok" : "down"} at ${when(ms(board.health?.client.since))}` };
    if (ok) return { name, mood: "ok", word: "ok", text: (answer_s ?? 0) < 0.05 ? "" : `${answer_s?.toFixed(1)} s` };
    return { name, mood: "down", word: "does not answer", text: `since ${when(ms(since))}${said && `. It said: ${plain(said)}`}` };
  });
}
