/** Finds the steps of an audition that use a calendar, in the ledger. */

import { storedCalendar } from '../../db/auditions/resources.ts';
import type { SyncedCalendar } from '../../db/calendars/synced-calendars.ts';
import type { Connection } from '../../db/connections/repository.ts';
import type { CompletedEffect, OperationLedger } from '../../db/ledger/operations.ts';
import type { EffectTarget } from '../../domain/audition/effects.ts';
import type { WritableCalendarRef } from '../../domain/audition/request.ts';
import type { AuditionId } from '../../domain/ids.ts';
import { calendarNames } from '../../providers/calendar-names.ts';
import type { Providers } from '../../providers/ports.ts';
import { type SyncRound, startCall } from './sync-round.ts';

type CalendarEffect = CompletedEffect & {
  readonly target: Extract<EffectTarget, { kind: 'calendar_event' }>;
};

export interface CalendarUses {
  /** Whether a step of the audition uses, or may use, an event in the calendar: a participant's event, or the meeting's. */
  isUsed(round: SyncRound, calendar: SyncedCalendar, auditionId: AuditionId): Promise<boolean>;
  /** Returns the step that has written the event of the audition in the calendar last; undefined when there is none. */
  lastWrite(
    round: SyncRound,
    calendar: SyncedCalendar,
    auditionId: AuditionId,
  ): Promise<CalendarEffect | undefined>;
  /** Returns the name of a calendar of the connection. */
  nameOf(round: SyncRound, calendarId: string): Promise<string>;
}

/** Creates the search. */
export const createCalendarUses = ({
  ledger,
  calendars,
}: {
  readonly ledger: Pick<OperationLedger, 'standingEffects' | 'completedEffects'>;
  readonly calendars: Providers['calendars'];
}): CalendarUses => {
  const nameOf = async (round: SyncRound, calendarId: string): Promise<string> => {
    const provider = calendars[round.input.provider];
    const names = await calendarNames(
      provider,
      namedConnection(round.connection),
      calendarId,
      async () => round.account,
      startCall(round),
    );
    return names[0];
  };

  const isIn = async (
    round: SyncRound,
    { connection, calendar }: SyncedCalendar,
    target: WritableCalendarRef | undefined,
  ): Promise<boolean> =>
    target !== undefined &&
    target.connection === connection &&
    storedCalendar(await nameOf(round, target.calendarId)) === calendar;

  return {
    nameOf,

    isUsed: async (round, calendar, auditionId) => {
      for (const { target } of await ledger.standingEffects(auditionId)) {
        if (target.kind === 'notice') continue;
        if (await isIn(round, calendar, target.calendar)) return true;
      }
      return false;
    },

    lastWrite: async (round, calendar, auditionId) => {
      let last: CalendarEffect | undefined;
      for (const effect of await ledger.completedEffects(auditionId)) {
        const { target } = effect;
        if (target.kind !== 'calendar_event') continue;
        if (await isIn(round, calendar, target.calendar)) last = { ...effect, target };
      }
      return last;
    },
  };
};

const namedConnection = ({ id, account, accountId }: Connection) => ({ id, account, accountId });
