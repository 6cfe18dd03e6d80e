import { expect, it, vi } from "vitest";
import { Announcer } from "../announce";

it("says at most one sentence each five seconds, and gathers the rest", () => {
  vi.useFakeTimers();
  const root = document.createElement("section");
  const announcer = new Announcer(root);
  const box = root.querySelector("[aria-live=polite]")!;
  announcer.say("1 job done");
  announcer.say("2 jobs done");
  announcer.say("1 failed");
  expect(box.textContent).toBe("1 job done");
  vi.advanceTimersByTime(5000);
  expect(box.textContent).toBe("2 jobs done; 1 failed");
  vi.advanceTimersByTime(5000);
  announcer.say("done");
  expect(box.textContent).toBe("done");
  announcer.destroy();
  vi.useRealTimers();
});
