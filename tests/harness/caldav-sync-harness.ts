/** Runs rounds of the synchronization of a scripted CalDAV calendar against a real database, and records the signals. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { onTestFinished } from 'vitest';
import type { SyncCalendarsInput, SyncCalendarsResult } from '../../activities/contract.ts';
import { eventIdFor } from '../../activities/effects/deterministic-ids.ts';
import { createSyncActivities } from '../../activities/index.ts';
import type { CalendarChange } from '../../domain/audition/calendar-change.ts';
import { createCaldavChanges } from '../../providers/apple/changes.ts';
import { calendarName } from '../../providers/calendar-names.ts';
import { createOutboundDispatcher } from '../../providers/outbound/dispatcher.ts';
import { createGuardedFetch } from '../../providers/outbound/guarded-fetch.ts';
import { useActivityHarness } from './activity-harness.ts';
import { newAuditionId } from './audition-trail.ts';
import { connectCaldav } from './caldav-connection.ts';
import { caldavUser } from './caldav-user.ts';
import { ada, later, slot } from './calendar-sync-harness.ts';
import { calendar as calendarText, event } from './calendar-text.ts';
import { startScriptedCaldav } from './scripted-caldav.ts';

/** Call it at the top of a test file. Returns a function that sets up one calendar, with an event of ours, for one test. */
export const useCaldavSync = () => {
  const benchFor = useActivityHarness();
  return async () => {
    const { repositories, pool, providers, accessTokens, auditionId, record, key: keyOf } = await benchFor();
    const server = await startScriptedCaldav();
    const dispatcher = createOutboundDispatcher({ allowedPrivateNetworks: ['127.0.0.0/8'] });
    onTestFinished(async () => {
      await dispatcher.destroy();
      await server.close();
    });
    const connection = await connectCaldav(repositories.connections, server.url, 'ada');
    const name = calendarName('apple', { id: connection, account: caldavUser.username }, server.calendarId);
    const uid = eventIdFor(auditionId);
    await repositories.writtenEvents.record({
      organization: 'org_1',
      connection,
      provider: 'apple',
      calendarName: name,
      calendarId: server.calendarId,
      eventId: uid,
      auditionId,
      participant: ada,
      key: keyOf('k1'),
      slot,
      revision: 1,
    });
    await pool.query(
      `INSERT INTO slot_holds (audition_id, claim, resource, organization, during)
     VALUES ($1, 1, $2, 'org_1', tstzrange($3, $4))`,
      [auditionId, (await repositories.storedNames()).calendar(name), slot.start, slot.end],
    );
    const ours = calendarText(
      ...event(
        `UID:${uid}`,
        'DTSTART:20310701T100000Z',
        'DTEND:20310701T103000Z',
        `X-CASTMATCH-REFERENCE:${auditionId}`,
        'X-CASTMATCH-REVISION:1',
      ),
    );
    server.store(uid, ours);
    const sent: CalendarChange[] = [];
    const activities = createSyncActivities({
      repositories,
      providers: {
        calendars: providers.calendars,
        calendarChanges: {
          apple: createCaldavChanges(
            (home) => createGuardedFetch(dispatcher, home),
            () => {},
          ),
        },
      },
      accessTokens,
      signals: {
        calendarChanged: async (_audition, change) => {
          sent.push(change);
          return 'signaled';
        },
        answerReported: async () => 'signaled',
      },
      report: () => {},
      publicUrl: server.url,
      pollMinutes: 15,
      reconciliationHours: 24,
    });
    const sync = (change: Partial<SyncCalendarsInput> = {}): Promise<SyncCalendarsResult> => {
      const about = {
        organization: 'org_1',
        connection,
        provider: 'apple',
        correlationId: 'corr-1',
      } as const;
      return new MockActivityEnvironment().run(
        (input: SyncCalendarsInput): Promise<SyncCalendarsResult> => activities.syncCalendars(input),
        {
          ...about,
          ...change,
        },
      );
    };
    const listAgain = () => sync({ reconcile: { isDryRun: false, isFirst: true } });
    const stored = async () => {
      const { rows } = await pool.query(
        `SELECT event_id AS id, is_removed AS "isRemoved" FROM synced_events WHERE connection = $1 ORDER BY event_id`,
        [connection],
      );
      return rows;
    };
    const problems = async () =>
      ((await repositories.connectionProblems.list([connection])).get(connection) ?? []).map(
        ({ kind }) => kind,
      );
    /** Sets up another calendar of the account, which another audition uses. */
    const addCalendar = async () => {
      const other = await startScriptedCaldav();
      onTestFinished(() => other.close());
      const owner = newAuditionId();
      const named = { id: connection, account: caldavUser.username };
      const otherName = calendarName('apple', named, other.calendarId);
      await pool.query(
        `INSERT INTO slot_holds (audition_id, claim, resource, organization, during)
         VALUES ($1, 1, $2, 'org_1', tstzrange($3, $4))`,
        [owner, (await repositories.storedNames()).calendar(otherName), later.start, later.end],
      );
      await repositories.writtenEvents.record({
        organization: 'org_1',
        connection,
        provider: 'apple',
        calendarName: otherName,
        calendarId: other.calendarId,
        eventId: eventIdFor(owner),
        auditionId: owner,
        participant: ada,
        key: 'other',
        slot: later,
        revision: 1,
      });
      const text = ours.replaceAll(uid, eventIdFor(owner)).replace(auditionId, owner);
      other.store(eventIdFor(owner), text.replaceAll('20310701T10', '20310701T12'));
      return other;
    };
    /** Records in the ledger that a step of the audition has written to the calendar. */
    const recordStep = async (calendarId: string, step: string) => {
      const key = keyOf(step);
      const target = {
        kind: 'calendar_event',
        participant: ada,
        calendar: { provider: 'apple', connection, calendarId },
      } as const;
      const operation = {
        key,
        organization: 'org_1',
        provider: 'apple',
        operation: 'calendar.putEvent',
      } as const;
      const begin = { ...operation, requestHash: 'h', leaseMs: 1, handedOver: true, auditionId, target };
      await repositories.ledger.begin(begin);
      await repositories.ledger.complete(key, { providerId: uid, result: { eventId: uid } });
      return async () => {
        await repositories.writtenEvents.forget(auditionId, [key]);
        await repositories.ledger.beginUndo(operation);
        await repositories.ledger.completeUndo(key);
      };
    };
    return {
      server,
      sync,
      listAgain,
      stored,
      problems,
      sent,
      uid,
      ours,
      connection,
      pool,
      auditionId,
      addCalendar,
      recordStep,
      append: record,
    };
  };
};
