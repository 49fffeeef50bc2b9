/** The two clocks of a case. Pure. */

export type ClockState = "running" | "paused" | "stopped" | "overdue";

export interface Clock {
  state: ClockState;
  by: number;
  /** seconds left, negative when overdue; 0 when stopped */
  left: number;
}

const OPEN = new Set(["asking", "review", "supplement"]);

export function clock(by: number, status: string, pausedAt: number | null, now: number): Clock {
  if (!OPEN.has(status)) return { state: "stopped", by, left: 0 };
  if (status === "supplement" || pausedAt) return { state: "paused", by, left: by - (pausedAt ?? now) };
  return { state: now > by ? "overdue" : "running", by, left: by - now };
}
