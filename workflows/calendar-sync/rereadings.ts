/** Keeps which calendars must be read whatever the notifications are about: those to be read again, and when, or all. */
import type { SyncCalendarsInput, SyncCalendarsResult } from '../../activities/contract.ts';

export interface Rereadings {
  /** When the first one is due, epoch milliseconds. Undefined: there is none. */
  readonly nextAt: number | undefined;
  /** Whether the next round must read all calendars: it is the first one, or the last one was not completed. */
  readonly isAllDue: boolean;
  /** Returns the calendars that are due, and forgets them. */
  take(): readonly string[];
  /** Takes the result of a round. Only a round about some calendars leaves the others as they are. */
  note(
    input: Pick<SyncCalendarsInput, 'only'>,
    outcome: SyncCalendarsResult | { readonly kind: 'failed' },
  ): void;
}

/** Creates an empty collection. */
export const createRereadings = (): Rereadings => {
  let dueAt: ReadonlyMap<string, number> = new Map();
  let isAllDue = true;
  return {
    get isAllDue() {
      return isAllDue;
    },
    get nextAt() {
      return dueAt.size === 0 ? undefined : Math.min(...dueAt.values());
    },
    take() {
      const now = Date.now();
      const due = [...dueAt].filter(([, at]) => at <= now);
      dueAt = new Map([...dueAt].filter(([, at]) => at > now));
      return due.map(([calendar]) => calendar);
    },
    note({ only }, outcome) {
      if (outcome.kind !== 'synced') {
        // The notifications that the round had taken are not followed yet.
        isAllDue = true;
        dueAt = new Map();
        return;
      }
      // A round that names no calendars to read again leaves all to the next one.
      isAllDue = outcome.isMore && outcome.again === undefined;
      const now = Date.now();
      const kept = only ? [...dueAt].filter(([calendar]) => !only.includes(calendar)) : [];
      const added = (outcome.again ?? []).map(({ calendar, afterMs }): [string, number] => [
        calendar,
        now + afterMs,
      ]);
      dueAt = new Map([...kept, ...added]);
    },
  };
};
