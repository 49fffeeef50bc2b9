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

/** Whether somebody may say that the promise is broken: once a round, while the case waits for an agency or an officer. */
export function mayEscalate(view: { status: string; promised_by: number; escalated: boolean }, now: number): boolean {
  return (view.status === "asking" || view.status === "review") && !view.escalated && now > view.promised_by;
}
