/** Questions to a kernel and their answers, which come as messages with the question's number. */

const TIMEOUT_MS = 30_000;
const LATE =
  "The kernel did not answer within 30 s: it may be busy with a cell. What was asked may still be done.";
export const GONE = "Its kernel is gone: run the cell again.";
export const CLOSED = "It was closed.";

/** Where to count from: what a kernel says is heard by every page that shows the widget. */
export const fromAnywhere = (): number => Math.floor(Math.random() * 2 ** 40);

export class Calls<T> {
  private readonly waiting = new Map<number, (answer: T) => void>();
  private count = fromAnywhere();

  /** `nobody` makes the answer where none comes: within 30 s, or before the widget is closed. */
  constructor(private readonly nobody: (why: string) => T) {}

  ask(send: (call: number) => void): Promise<T> {
    const call = ++this.count;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.answer(call, this.nobody(LATE)), TIMEOUT_MS);
      this.waiting.set(call, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      try {
        send(call);
      } catch {
        this.answer(call, this.nobody(GONE)); // as after a restart of the kernel
      }
    });
  }

  answer(call: number, answer: T): void {
    this.waiting.get(call)?.(answer);
    this.waiting.delete(call);
  }

  close(): void {
    for (const call of [...this.waiting.keys()]) this.answer(call, this.nobody(CLOSED));
  }
}
