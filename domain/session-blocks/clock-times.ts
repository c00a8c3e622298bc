/** Times on the clock of a zone, as milliseconds since 1970 read as UTC. */

/** Returns the milliseconds of a time such as `2026-12-01T10:00`; undefined when there is no such date. */
export const clockMsOf = (text: string): number | undefined => {
  const ms = Date.parse(`${text}:00.000Z`);
  // JavaScript reads February 30 as March 2.
  return Number.isFinite(ms) && clockTimeOf(ms) === text ? ms : undefined;
};

/** Returns the time as `2026-12-01T10:00`. */
export const clockTimeOf = (clockMs: number): string => new Date(clockMs).toISOString().slice(0, 16);
