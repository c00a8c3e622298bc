/**
 * How a busy time of a calendar is known. `event`: an event with its id. `time`: one event whose id the vendor does not tell.
 * `merged`: one or several events, whose times the vendor has joined. Imports nothing: the schema of the database uses it.
 */
export const seenAsKinds = ['event', 'time', 'merged'] as const;

/** How a busy time is known without the right to read events. */
export type HiddenKind = Exclude<(typeof seenAsKinds)[number], 'event'>;
