/**
 * The one door to the manager's API: over HTTP from the page's own origin, or through the
 * kernel where the origin has no `/arp/api`.
 *
 * Everything above it (boards, drawers, panels) is the same for both.
 */

/** What the manager refused, in its words. */
export class ApiError extends Error {
  constructor(
    /** HTTP status; 0: nobody answered. */
    readonly status: number,
    /** Class of `arp_nb.errors`, as "Conflict"; "Unreachable" if nobody answered. */
    readonly kind: string,
    message: string,
    /** Everything else the answer held. */
    readonly more: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

export interface CallOptions {
  /** ETag of what was read, as `"v3"`: refused with 409 if somebody changed it meanwhile. */
  ifMatch?: string;
  signal?: AbortSignal;
}

/** A two-way line of JSON texts: a WebSocket, or a comm that stands for one. */
export interface Line {
  send(text: string): void;
  close(): void;
}
export interface LineEvents {
  open(): void;
  message(text: string): void;
  /** Once, whatever ended it; `why` in words. */
  close(why: string): void;
}

export interface Api {
  /** "server": acts as the viewer, needs no kernel. "kernel": acts as the kernel's user. */
  readonly kind: "server" | "kernel";
  /** `path` below `/arp/api`, as "/experiments/xppi0915/runs". Rejects with `ApiError`. */
  json<T>(method: string, path: string, body?: unknown, options?: CallOptions): Promise<T>;
  /** A binary answer, whole. */
  bytes(path: string, options?: CallOptions): Promise<ArrayBuffer>;
  /** Open the change feed's line. */
  line(events: LineEvents): Line;
  /** An address that a link or a download can have; null where the page cannot reach it. */
  href(path: string): string | null;
  /** Hear nobody any more; over HTTP there is nobody in between. */
  close?(): void;
}
