/** Finds the steps of an audition that use a calendar, in the ledger. */

import type { ReadStoredNames } from '../../db/auditions/stored-names.ts';
import type { CalendarKey } from '../../db/calendars/sync-progress.ts';
import type { SyncedCalendar } from '../../db/calendars/synced-calendars.ts';
import type { Connection, Connections } from '../../db/connections/repository.ts';
import type { CompletedEffect, OperationLedger } from '../../db/ledger/operations.ts';
import type { People } from '../../db/people/people.ts';
import { DataKeyDestroyed } from '../../db/vault/envelope-encryption.ts';
import type { EffectTarget } from '../../domain/audition/effects.ts';
import type { WritableCalendarRef } from '../../domain/audition/request.ts';
import { mainCalendar } from '../../domain/audition/room-booking.ts';
import type { AuditionId } from '../../domain/ids.ts';
import { calendarNames } from '../../providers/calendar-names.ts';
import type { AccessTokens } from '../../providers/oauth/access-tokens.ts';
import type { Providers } from '../../providers/ports.ts';
import { openConnectionById } from '../connections/open-connection-by-id.ts';
import { type SyncRound, startCall } from './sync-round.ts';

type CalendarEffect = CompletedEffect & {
  readonly target: Extract<EffectTarget, { kind: 'calendar_event' }>;
};

export interface CalendarUses {
  /**
   * Whether a step of the audition uses, or may use, an event in the calendar: a participant's event, the room's, or the
   * meeting's. A step can have written it through another connection that sees the same calendar. The steps of an erased audition are
   * deleted or unreadable: its events stay in the calendars (docs/runbooks/erasure.md).
   */
  isUsed(round: SyncRound, calendar: SyncedCalendar, auditionId: AuditionId): Promise<boolean>;
  /**
   * Returns where the steps of the audition have tried to write events through the connection, those that were undone included.
   * `here`: also to the calendar. `elsewhere`: only to others. A shared calendar that another connection names counts as `here`.
   */
  placeOf(
    round: SyncRound,
    calendar: SyncedCalendar,
    auditionId: AuditionId,
  ): Promise<'here' | 'elsewhere' | 'nowhere'>;
  /** Returns the step that has written the event of the audition in the calendar last; undefined when there is none. */
  lastWrite(
    round: SyncRound,
    calendar: SyncedCalendar,
    auditionId: AuditionId,
  ): Promise<CalendarEffect | undefined>;
  /** Returns the id of a calendar of the connection in which a step of the audition has an event; undefined when there is none. */
  findCalendarId(
    round: SyncRound,
    calendar: CalendarKey,
    auditionId: AuditionId,
  ): Promise<string | undefined>;
  /** Returns the name of a calendar of the connection. */
  nameOf(round: SyncRound, calendarId: string): Promise<string>;
}

export interface CalendarUsesDependencies {
  readonly storedNames: ReadStoredNames;
  readonly ledger: Pick<OperationLedger, 'standingEffects' | 'completedEffects' | 'allTargets'>;
  readonly people: Pick<People, 'isErased'>;
  readonly connections: Pick<Connections, 'get'>;
  readonly accessTokens: Pick<AccessTokens, 'forConnection'>;
  readonly calendars: Providers['calendars'];
}

/** Creates the search. */
export const createCalendarUses = ({
  storedNames,
  ledger,
  people,
  connections,
  accessTokens,
  calendars,
}: CalendarUsesDependencies): CalendarUses => {
  const namesOf = (round: SyncRound, calendarId: string): Promise<readonly [string, ...string[]]> =>
    calendarNames(
      calendars[round.input.provider],
      namedConnection(round.connection),
      calendarId,
      async () => round.account,
      startCall(round),
    );

  const includes = async (names: readonly string[], calendar: string): Promise<boolean> => {
    const stored = await storedNames();
    return names.some((name) => stored.calendar(name) === calendar);
  };

  const isIn = async (
    round: SyncRound,
    { connection, calendar }: CalendarKey,
    target: WritableCalendarRef | undefined,
  ): Promise<boolean> =>
    target !== undefined &&
    target.connection === connection &&
    includes(await namesOf(round, target.calendarId), calendar);

  /** Whether another connection can see the calendar under the id of the target. In doubt, it can. */
  const mayBeShared = async (
    round: SyncRound,
    { connection, calendar, calendarId, provider }: SyncedCalendar,
    target: WritableCalendarRef | undefined,
  ): Promise<boolean> => {
    if (!target || target.connection === connection || target.provider !== provider) return false;
    if (hasNameOfItsOwnInEachAccount(provider, [calendarId, target.calendarId])) return true;
    const { organization } = round.input;
    const other = await connections.get(organization, target.connection);
    // The names of a disconnected account are not known any more.
    if (other?.account === undefined) return true;
    const open = () =>
      openConnectionById({ connections, accessTokens }, organization, target, 'calendar.listChanges');
    const names = await calendarNames(
      calendars[provider],
      namedConnection(other),
      target.calendarId,
      open,
      startCall(round),
    );
    return includes(names, calendar);
  };

  /** Returns undefined for an audition whose erasure has begun: its steps are unreadable. */
  const standingEffects = async (auditionId: AuditionId) => {
    try {
      return await ledger.standingEffects(auditionId);
    } catch (error) {
      if (error instanceof DataKeyDestroyed) return undefined;
      throw error;
    }
  };

  return {
    nameOf: async (round, calendarId) => (await namesOf(round, calendarId))[0],

    isUsed: async (round, calendar, auditionId) => {
      const effects = await standingEffects(auditionId);
      if (!effects) return true;
      for (const { target } of effects) {
        if (target.kind === 'notice') continue;
        if (await isIn(round, calendar, target.calendar)) return true;
        if (await mayBeShared(round, calendar, target.calendar)) return true;
      }
      // Asked last: an erasure erases the key before it deletes the steps.
      return people.isErased(auditionId);
    },

    placeOf: async (round, calendar, auditionId) => {
      let place: 'elsewhere' | 'nowhere' = 'nowhere';
      for (const target of await ledger.allTargets(auditionId)) {
        if (target.kind === 'notice') continue;
        if (await isIn(round, calendar, target.calendar)) return 'here';
        if (await mayBeShared(round, calendar, target.calendar)) return 'here';
        if (target.calendar?.connection === calendar.connection) place = 'elsewhere';
      }
      return place;
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

    findCalendarId: async (round, calendar, auditionId) => {
      for (const { target } of (await standingEffects(auditionId)) ?? []) {
        if (target.kind === 'notice') continue;
        if (await isIn(round, calendar, target.calendar)) return target.calendar?.calendarId;
      }
      return undefined;
    },
  };
};

const namedConnection = ({ id, account, accountId }: Connection) => ({ id, account, accountId });

/**
 * Whether a shared calendar has another name in each account, so that names do not tell that it is the same: calendars of
 * CalDAV servers, and those of Outlook that are not the main one of both accounts (`calendar-name.ts` of each).
 */
const hasNameOfItsOwnInEachAccount = (
  provider: SyncedCalendar['provider'],
  calendarIds: readonly string[],
): boolean =>
  provider === 'apple' || (provider === 'microsoft' && !calendarIds.every((id) => id === mainCalendar));
