/** Runs rounds of the calendar synchronisation against a real database and a sandbox, and records the signals. */
import { randomUUID } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { SyncCalendarsInput, SyncCalendarsResult } from '../../activities/contract.ts';
import { eventIdFor } from '../../activities/effects/deterministic-ids.ts';
import { createSyncActivities } from '../../activities/index.ts';
import type { CalendarChange } from '../../domain/audition/calendar-change.ts';
import type { ReportedAnswer } from '../../domain/audition/reported-answer.ts';
import type { WritableCalendarRef } from '../../domain/audition/request.ts';
import type { Slot } from '../../domain/audition/slot.ts';
import type { CalendarFinding } from '../../domain/calendars/calendar-finding.ts';
import { type AuditionId, type ConnectionId, participantIdSchema } from '../../domain/ids.ts';
import { createGoogleChanges } from '../../providers/google/changes.ts';
import { createGoogleClient } from '../../providers/google/client.ts';
import type { CalendarChanges, CalendarEvent, CalendarProvider } from '../../providers/ports.ts';
import { useActivityHarness } from './activity-harness.ts';
import { connectToSandbox } from './google-sandbox.ts';
import { setRoomOfSlot } from './room-of-slot.ts';
import { sandboxSettings } from './sandbox-settings.ts';

export const ada = participantIdSchema.parse('ada');
export const slot: Slot = {
  start: '2031-07-01T10:00:00.000Z',
  end: '2031-07-01T10:30:00.000Z',
  zone: 'Europe/Paris',
};
export const later: Slot = { ...slot, start: '2031-07-01T12:00:00.000Z', end: '2031-07-01T12:30:00.000Z' };

interface Options {
  readonly pageSize?: number;
  readonly roundMs?: number;
  readonly reconciliationHours?: number;
  readonly maxEvents?: number;
  /** The clock of the vendor, in epoch milliseconds. */
  readonly clock?: () => number;
  /** Returns the address at which the synchronization reads Google. Default: that of the sandbox. */
  readonly through?: (sandboxUrl: string) => Promise<string>;
  readonly wrap?: (changes: CalendarChanges) => CalendarChanges;
  readonly wrapCalendar?: (calendar: CalendarProvider) => CalendarProvider;
}

/** Call it at the top of a test file. Returns a function that sets up one synchronized calendar for one test. */
export const useCalendarSync = () => {
  const benchFor = useActivityHarness();

  return async ({
    pageSize = 1_000,
    roundMs = 20_000,
    reconciliationHours = 24,
    maxEvents,
    clock = Date.now,
    through = async (same) => same,
    wrap = (same) => same,
    wrapCalendar = (same) => same,
  }: Options = {}) => {
    const bench = await benchFor({ clock });
    const { activities, repositories, pool, sandbox, auditionId, about, key } = bench;
    const connection: ConnectionId = `conn_${randomUUID()}`;
    const account = `${randomUUID()}@example.com`;
    await repositories.connections.put({
      id: connection,
      organization: 'org_1',
      provider: 'google',
      account,
      refreshToken: `sandbox-refresh-${account}`,
    });
    const calendar: WritableCalendarRef = { provider: 'google', connection, calendarId: 'primary' };
    const resource = (await repositories.storedNames()).calendar(`google/${account}`);
    const holds = { release: () => pool.query('DELETE FROM slot_holds WHERE resource = $1', [resource]) };
    await pool.query(
      `INSERT INTO slot_holds (audition_id, claim, resource, organization, during)
     VALUES ($1, 1, $2, 'org_1', tstzrange($3, $4))`,
      [auditionId, resource, slot.start, later.end],
    );
    const client = createGoogleClient(sandboxSettings(await through(sandbox.url)).google);
    const sent: { readonly audition: AuditionId; readonly change: CalendarChange }[] = [];
    const answers: ReportedAnswer[] = [];
    const temporal = { isDown: false, hasNoWorkflow: false };
    const findings: CalendarFinding[] = [];
    const syncActivities = createSyncActivities({
      repositories,
      providers: {
        calendars: { ...bench.providers.calendars, google: wrapCalendar(bench.providers.calendars.google) },
        calendarChanges: { google: wrap(createGoogleChanges(client, { pageSize })) },
      },
      accessTokens: bench.accessTokens,
      signals: {
        calendarChanged: async (audition, change) => {
          sent.push({ audition, change });
          if (temporal.isDown) throw new Error('14 UNAVAILABLE');
          return temporal.hasNoWorkflow ? 'not_running' : 'signaled';
        },
        answerReported: async (_audition, answer) => {
          answers.push(answer);
          if (temporal.isDown) throw new Error('14 UNAVAILABLE');
          return temporal.hasNoWorkflow ? 'not_running' : 'signaled';
        },
      },
      report: ({ organization: _organization, ...finding }) => void findings.push(finding),
      publicUrl: sandbox.url,
      pollMinutes: 15,
      reconciliationHours,
      maxEvents,
      roundMs,
    });
    let presentRoom: { readonly email: string; readonly revision: number } | undefined;
    const sync = async (change: Partial<SyncCalendarsInput> = {}): Promise<SyncCalendarsResult> => {
      if (presentRoom) {
        const { email, revision } = presentRoom;
        await setRoomOfSlot(
          { pool, repositories },
          auditionId,
          { provider: 'google', connection, email },
          revision,
        );
      }
      const about = {
        organization: 'org_1',
        connection,
        provider: 'google',
        correlationId: 'corr-1',
      } as const;
      return new MockActivityEnvironment().run(
        (input: SyncCalendarsInput) => syncActivities.syncCalendars(input),
        {
          ...about,
          ...change,
        },
      );
    };
    const write = (
      revision: number,
      at: Slot,
      label = '',
      texts: Partial<Pick<CalendarEvent, 'summary' | 'location' | 'description'>> = {},
    ) =>
      activities.writeEvent({
        ...about,
        key: key(`event:ada:r${revision}${label}`),
        participant: ada,
        calendar,
        content: { summary: 'Captain', description: '', ...texts, slot: at, revision },
      });
    const book = async (revision: number, at: Slot, room: string) => {
      const booked = await activities.bookRoom({
        ...about,
        key: key(`room:r${revision}`),
        room: { provider: 'google', connection, email: room },
        name: 'Studio 2',
        content: { summary: 'Captain', description: '', location: 'Studio 2', slot: at, revision },
      });
      presentRoom = { email: room, revision };
      return booked;
    };
    const { calendar: owner } = connectToSandbox(sandbox.url, account);
    const eventId = eventIdFor(auditionId);
    const person = {
      move: (start: string, end: string) =>
        owner.events.patch({
          calendarId: 'primary',
          eventId,
          requestBody: { start: { dateTime: start }, end: { dateTime: end } },
        }),
      moveOther: (id: string, start: string, end: string) =>
        owner.events.patch({
          calendarId: 'primary',
          eventId: id,
          requestBody: { start: { dateTime: start }, end: { dateTime: end } },
        }),
      /** Replaces the attendees by one. */
      answer: (responseStatus: string, email = account) =>
        owner.events.patch({
          calendarId: 'primary',
          eventId,
          requestBody: { attendees: [{ email, responseStatus }] },
        }),
      event: async () => (await owner.events.get({ calendarId: 'primary', eventId })).data,
      remove: (id = eventId) => owner.events.delete({ calendarId: 'primary', eventId: id }),
      edit: (summary: string) =>
        owner.events.patch({ calendarId: 'primary', eventId, requestBody: { summary } }),
      editPlace: (location: string) =>
        owner.events.patch({ calendarId: 'primary', eventId, requestBody: { location } }),
      editDescription: (description: string) =>
        owner.events.patch({ calendarId: 'primary', eventId, requestBody: { description } }),
      add: (start: string, end: string) => sandbox.control.addBusy({ account, start, end }).eventId,
    };
    /** Makes the audition use another calendar of the account, which the vendor need not have. */
    const useAnother = async (calendarId: string) => {
      const calendarName = `google/${connection}-${calendarId}`;
      await repositories.writtenEvents.record({
        organization: 'org_1',
        connection,
        provider: 'google',
        calendarName,
        calendarId,
        eventId: 'e1',
        auditionId,
        participant: ada,
        key: 'k1',
        slot,
        revision: 1,
      });
      await pool.query(
        `INSERT INTO slot_holds (audition_id, claim, resource, organization, during)
         VALUES ($1, 2, $2, 'org_1', tstzrange($3, $4))`,
        [auditionId, (await repositories.storedNames()).calendar(calendarName), slot.start, slot.end],
      );
    };
    const stored = async () => {
      const { rows } = await pool.query(
        `SELECT event_id AS id, is_removed AS "isRemoved", generation, audition_id IS NOT NULL AS "isOurs"
       FROM synced_events WHERE connection = $1 ORDER BY starts_at, event_id`,
        [connection],
      );
      return rows;
    };
    return {
      ...bench,
      account,
      calendar,
      connection,
      resource,
      holds,
      sent,
      answers,
      temporal,
      findings,
      sync,
      book,
      /** Gives the slot another room, without booking it. */
      setRoom: (email: string, revision: number) => {
        presentRoom = { email, revision };
      },
      useAnother,
      write,
      person,
      stored,
      eventId,
      kinds: () => sent.map(({ change }) => change.change.kind),
    };
  };
};
