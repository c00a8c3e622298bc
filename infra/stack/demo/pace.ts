/** How fast the story is told: for somebody who reads along, or for a test that waits for its end. */
export interface Pace {
  /** Milliseconds in which a line can be read before the next thing happens. */
  readonly beat: number;
  readonly session: number;
  /** Of the time until the audition starts. */
  readonly share: number;
  /** How long before the start. */
  readonly reminders: readonly string[];
}

export const paces = {
  watched: { beat: 2_000, session: 20_000, share: 1, reminders: ['PT20S', 'PT10S'] },
  brief: { beat: 0, session: 2_000, share: 0.6, reminders: ['PT6S', 'PT3S'] },
} as const satisfies Readonly<Record<string, Pace>>;
