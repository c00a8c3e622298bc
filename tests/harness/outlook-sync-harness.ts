/** Runs rounds of the synchronization of an Outlook mailbox against a real database and a sandbox, and records the signals. */
import { randomUUID } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { SyncCalendarsInput } from '../../activities/contract.ts';
import { createSyncActivities } from '../../activities/index.ts';
import type { CalendarChange } from '../../domain/audition/calendar-change.ts';
import type { ReportedAnswer } from '../../domain/audition/reported-answer.ts';
import type { WritableCalendarRef } from '../../domain/audition/request.ts';
import type { Slot } from '../../domain/audition/slot.ts';
import { participantIdSchema } from '../../domain/ids.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { day } from '../../domain/time/units.ts';
import type { SandboxOptions } from '../../infra/sandbox/settings.ts';
import { createOutlookChanges } from '../../providers/microsoft/changes.ts';
import { createGraphClient } from '../../providers/microsoft/graph-client.ts';
import { useActivityHarness } from './activity-harness.ts';
import { startGraphReceiver } from './graph-receiver.ts';
import { connectToMailbox } from './outlook-mailbox.ts';
import { sandboxSettings } from './sandbox-settings.ts';

export const ada = participantIdSchema.parse('ada');
export const inDays = (days: number) => Math.ceil(Date.now() / day + days) * day;
export const slotIn = (days: number): Slot => ({
  start: toInstant(inDays(days)),
  end: toInstant(inDays(days) + 1_800_000),
  zone: 'Europe/Paris',
});

/** Call it at the top of a test file. Returns a function that sets up one mailbox for one test. */
export const useOutlookSync = () => {
  const benchFor = useActivityHarness();
  /** @param through returns the address at which the synchronization reads Graph. Default: that of the sandbox */
  return async (
    options: SandboxOptions = {},
    through: (sandboxUrl: string) => Promise<string> = async (same) => same,
  ) => {
    const bench = await benchFor({ sandbox: options });
    const { activities, repositories, pool, sandbox, auditionId, about, key } = bench;
    const graphUrl = await through(sandbox.url);
    const receiver = await startGraphReceiver();
    const account = `${randomUUID()}@contoso.example`;
    const accountId = `tenant.${randomUUID()}`;
    const connected = await repositories.connections.connect({
      organization: 'org_1',
      owner: undefined,
      provider: 'microsoft',
      grant: {
        account: { id: accountId, name: account },
        scopes: ['Calendars.ReadWrite'],
        credential: { kind: 'oauth', refreshToken: `sandbox-refresh-${account}` },
      },
    });
    if (connected.kind !== 'connected') throw new Error(connected.kind);
    const connection = connected.id;
    const hold = async (slot: Slot, name = accountId, holder = auditionId) =>
      pool.query(
        `INSERT INTO slot_holds (audition_id, claim, resource, organization, during)
       VALUES ($1, 1, $2, 'org_1', tstzrange($3, $4))`,
        [holder, (await repositories.storedNames()).calendar(`microsoft/${name}`), slot.start, slot.end],
      );
    const sent: CalendarChange[] = [];
    const answers: ReportedAnswer[] = [];
    const syncActivities = createSyncActivities({
      repositories,
      providers: {
        calendars: bench.providers.calendars,
        calendarChanges: {
          microsoft: createOutlookChanges(createGraphClient(sandboxSettings(graphUrl).microsoft)),
        },
      },
      accessTokens: bench.accessTokens,
      signals: {
        calendarChanged: async (_audition, change) => {
          sent.push(change);
          return 'signaled';
        },
        answerReported: async (_audition, answer) => {
          answers.push(answer);
          return 'signaled';
        },
      },
      report: () => {},
      publicUrl: receiver.url,
      pollMinutes: 15,
      reconciliationHours: 24,
    });
    const sync = (change: Partial<SyncCalendarsInput> = {}) => {
      const about = {
        organization: 'org_1',
        connection,
        provider: 'microsoft',
        correlationId: 'corr-1',
      } as const;
      return new MockActivityEnvironment().run(
        (input: SyncCalendarsInput) => syncActivities.syncCalendars(input),
        { ...about, ...change },
      );
    };
    const write = async (at: Slot, calendarId = 'primary', revision = 1) => {
      const calendar: WritableCalendarRef = { provider: 'microsoft', connection, calendarId };
      const { eventId } = await activities.writeEvent({
        ...about,
        key: key(`event:ada:r${revision}`),
        participant: ada,
        calendar,
        content: { summary: 'Captain', description: '', slot: at, revision },
      });
      return eventId;
    };
    const stored = async () => {
      const { rows } = await pool.query(
        `SELECT event_id AS id, is_removed AS "isRemoved" FROM synced_events WHERE connection = $1 ORDER BY starts_at`,
        [connection],
      );
      return rows;
    };
    const subscriptions = () =>
      sandbox.control
        .state()
        .microsoft.subscriptions.filter((subscription) => subscription.account === account);
    return {
      ...bench,
      account,
      accountId,
      connection,
      hold,
      sent,
      answers,
      sync,
      write,
      stored,
      subscriptions,
      mailbox: connectToMailbox(sandbox, account),
      series: (times: number) =>
        sandbox.control.addOutlookEvent({
          account,
          start: toInstant(inDays(20)),
          end: toInstant(inDays(20) + 1_800_000),
          repeat: { everyDays: 7, times },
        }).eventId,
    };
  };
};
