/** What a user made of the page: kept by the manager, and by the browser where that fails. */

import type { Api } from "./api";
import type { Preferences } from "./board";

const PATH = "/preferences/page";
/** Many small changes, as of a column's width, are one request. */
const GATHER_MS = 500;

type Values = Record<string, unknown>;

interface Kept {
  value: Values;
  /** The manager has it. */
  saved: boolean;
}

export class PagePreferences implements Preferences {
  private values: Values;
  private saved: boolean;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly key: string;

  /** `changed` is called once the manager's answer is there, if it differs. */
  constructor(private readonly api: Api, changed: () => void) {
    this.key = `arp-nb:${api.href("") ?? "kernel"}`;
    const kept = this.local();
    this.values = kept.value;
    this.saved = kept.saved;
    void this.load(changed);
  }

  get<T>(name: string): T | undefined {
    return Object.hasOwn(this.values, name) ? (this.values[name] as T) : undefined;
  }

  set(name: string, value: unknown): void {
    this.values = { ...this.values, [name]: value };
    this.saved = false;
    this.keep();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.save(), GATHER_MS);
  }

  /** Save what waits, now. */
  close(): void {
    if (this.timer !== undefined) void this.save();
  }

  private async load(changed: () => void): Promise<void> {
    try {
      const { value } = await this.api.json<{ value: unknown }>("GET", PATH);
      if (!this.saved) {
        // changed here while the manager could not be reached, or before it answered
        this.values = { ...record(value), ...this.values };
        await this.save();
      } else {
        this.values = record(value);
        this.keep();
      }
      changed();
    } catch {
      // what the browser kept has to do
    }
  }

  private async save(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { values } = this;
    try {
      await this.api.json("PUT", PATH, { value: values });
      this.saved = this.values === values;
      this.keep();
    } catch {
      // kept by the browser, and sent when the page is next opened
    }
  }

  private local(): Kept {
    try {
      const { value, saved } = JSON.parse(localStorage.getItem(this.key) ?? "{}") as Partial<Kept>;
      return { value: record(value), saved: saved !== false };
    } catch {
      return { value: {}, saved: true };
    }
  }

  private keep(): void {
    try {
      localStorage.setItem(this.key, JSON.stringify({ value: this.values, saved: this.saved }));
    } catch {
      // no storage here, as in a private window: then for this page only
    }
  }
}

function record(value: unknown): Values {
  return value && typeof value === "object" && !Array.isArray(value) ? { ...(value as Values) } : {};
}
