/** Tests what people answer in their calendars and by email, and events that move the audition. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditionView } from '../../domain/audition/view.ts';
import { auditionIdSchema } from '../../domain/ids.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import { calendarSyncWorkflowId } from '../../domain/workflow-ids.ts';
import { readReceivedMail } from '../../providers/smtp/received-mail.ts';
import { calendarSyncQuery } from '../../workflows/calendar-sync/messages.ts';
import { type ApiClient, createApiClient, day, requestBody } from '../harness/api-client.ts';
import { eventually } from '../harness/eventually.ts';
import { connectToSandbox } from '../harness/google-sandbox.ts';
import { readMailSource, readMailsTo } from '../harness/mail-server.ts';
import { replyCalendar, replyMail } from '../harness/reply-mail.ts';
import { organization, type ServiceUnderTest, sandboxAccounts, startService } from '../harness/service.ts';

const secret = 'the-secret-of-the-mail-service';

let service: ServiceUnderTest;
let platform: ApiClient;
beforeAll(async () => {
  service = await startService({
    calendarSync: true,
    env: { MAIL_REPLY_ADDRESS: 'replies@in.castmatch.example', MAIL_INBOUND_SECRET: secret },
  });
  for (const [id, account] of [
    [connection, performer],
    [directorConnection, sandboxAccounts.conn_director],
  ] as const) {
    const refreshToken = `sandbox-refresh-${account}`;
    const { connections } = service.database.repositories;
    await connections.put({ id, organization, provider: 'google', account, refreshToken });
  }
  platform = createApiClient(service);
  await service.startWorker();
});
afterAll(() => service.close());

const hour = 3_600_000;
const performer = sandboxAccounts.conn_performer;
/** Temporal has one synchronization for each connection, and other files use the same server at the same time. */
const connection = `conn_${randomUUID()}` as const;
const directorConnection = `conn_${randomUUID()}` as const;

let used = 0;
const schedule = async (changes: object = {}) => {
  used += 1;
  const body = requestBody(used, (5 + used) * day, changes);
  const ofConnection = JSON.stringify(body)
    .replaceAll('conn_performer', connection)
    .replaceAll('conn_director', directorConnection);
  const { id } = await platform.request(JSON.parse(ofConnection));
  const view = await platform.untilNotified(id);
  await eventually(async () => {
    const handle = service.temporal.workflow.getHandle(calendarSyncWorkflowId(connection));
    const { status } = await handle.query(calendarSyncQuery).catch(() => ({ status: 'starting' }));
    return status === 'in_sync';
  }, 30_000);
  return {
    id,
    start: toEpochMs(view.slot?.start ?? view.updatedAt),
    eventId: view.calendarEvents[0]?.eventId ?? '',
    performerId: `performer-${used}`,
    readerId: `reader-${used}`,
    readerAddress: `rita.${used}@readers.example`,
  };
};

const answerIn = ({ participants }: AuditionView, participant: string) =>
  participants.find(({ id }) => id === participant)?.answer;

const factsOf = async (id: string) => {
  const { events } = service.database.repositories;
  const page = await events.read(organization, auditionIdSchema.parse(id), { after: 0, limit: 500 });
  return page.map(({ fact }) => fact);
};

const answerInCalendar = (eventId: string, responseStatus: string) =>
  connectToSandbox(service.sandbox.url, performer).calendar.events.patch({
    calendarId: 'primary',
    eventId,
    requestBody: { attendees: [{ email: performer, responseStatus }] },
  });

const firstMatch = (text: string, pattern: RegExp) => pattern.exec(text)?.[1]?.trim() ?? '';
const utc = (instant: string) => instant.replaceAll(/[-:]|\.000/g, '');

/** Returns what the calendar program of the reader knows of the latest invitation. */
const invitationOf = async (address: string) => {
  const { apiUrl } = service.mailServer;
  const mails = await readMailsTo(apiUrl, address);
  const sources = await Promise.all(mails.map(({ id }) => readMailSource(apiUrl, id)));
  const parsed = await Promise.all(sources.map((source) => readReceivedMail(source)));
  const texts = parsed.flatMap(
    (mail) => mail?.calendars.map(({ text }) => text.replaceAll(/\r?\n[ \t]/g, '')) ?? [],
  );
  const invitations = texts.map((text) => ({
    uid: firstMatch(text, /^UID:(.*)$/m),
    organizer: firstMatch(text, /^ORGANIZER.*mailto:(.*)$/im),
    sequence: Number(firstMatch(text, /^SEQUENCE:(.*)$/m)),
  }));
  const [latest] = invitations.toSorted((a, b) => b.sequence - a.sequence);
  if (!latest) throw new Error('there is no invitation');
  return latest;
};

/** The present as iCalendar writes it. */
const stamp = () => new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').concat('Z');

const forward = async (message: Buffer): Promise<number> => {
  const credentials = Buffer.from(`mail:${secret}`).toString('base64');
  const answer = await fetch(`${service.url}/v1/webhooks/mail/inbound`, {
    method: 'POST',
    headers: { 'content-type': 'message/rfc822', authorization: `Basic ${credentials}` },
    body: new Uint8Array(message),
  });
  return answer.status;
};

describe('an answer in a Google calendar', () => {
  it('becomes the answer of the participant, can be changed, and ends with the slot', async () => {
    const { id, eventId, performerId, start } = await schedule();
    await answerInCalendar(eventId, 'declined');
    const declined = await platform.until(id, (view) => answerIn(view, performerId) === 'declined');
    expect(declined.state).toBe('scheduled');
    await answerInCalendar(eventId, 'accepted');
    await platform.until(id, (view) => answerIn(view, performerId) === 'accepted');
    const slot = {
      start: toInstant(start + 2 * hour),
      end: toInstant(start + 2.5 * hour),
      zone: 'Europe/Paris',
    };
    await platform.command(id, 'reschedule', { slot });
    const moved = await platform.untilNotified(id);
    expect(answerIn(moved, performerId)).toBe('none');
    await answerInCalendar(eventId, 'tentative');
    await platform.until(id, (view) => answerIn(view, performerId) === 'tentative');
    const answers = (await factsOf(id)).filter(
      ({ type }) => type === 'responded' || type === 'answer_ignored',
    );
    expect(answers).toMatchObject([
      { answer: 'declined', origin: 'calendar' },
      { answer: 'accepted', origin: 'calendar' },
      { answer: 'tentative', origin: 'calendar' },
    ]);
  });
});

describe('an answer by email', () => {
  it('of a calendar program becomes the answer of the participant, and one to the old slot does not', async () => {
    const { id, readerId, readerAddress, start } = await schedule();
    const first = await invitationOf(readerAddress);
    const reply = (invitation: typeof first, partstat: string) =>
      forward(
        replyMail({
          from: readerAddress,
          to: invitation.organizer,
          calendar: replyCalendar({ ...invitation, attendee: readerAddress, partstat, stamp: stamp() }),
        }),
      );
    expect(await reply(first, 'TENTATIVE')).toBe(200);
    await platform.until(id, (view) => answerIn(view, readerId) === 'tentative');
    const slot = {
      start: toInstant(start + 2 * hour),
      end: toInstant(start + 2.5 * hour),
      zone: 'Europe/Paris',
    };
    await platform.command(id, 'reschedule', { slot });
    await platform.untilNotified(id);
    const second = await invitationOf(readerAddress);
    expect(second).toMatchObject({ uid: first.uid, organizer: first.organizer });
    await reply(first, 'DECLINED');
    await reply(second, 'ACCEPTED');
    await platform.until(id, (view) => answerIn(view, readerId) === 'accepted');
    await eventually(async () => (await factsOf(id)).some(({ type }) => type === 'answer_ignored'), 20_000);
  });

  it('that proposes another time is a question, and moves the audition when it is followed', async () => {
    const { id, readerAddress, start } = await schedule();
    const invitation = await invitationOf(readerAddress);
    const proposed = { start: toInstant(start + 3 * hour), end: toInstant(start + 4 * hour) };
    const calendar = replyCalendar({
      ...invitation,
      attendee: readerAddress,
      partstat: 'TENTATIVE',
      method: 'COUNTER',
      stamp: stamp(),
      lines: [`DTSTART:${utc(proposed.start)}`, `DTEND:${utc(proposed.end)}`],
    });
    await forward(replyMail({ from: readerAddress, to: invitation.organizer, calendar, method: 'COUNTER' }));
    const { attention } = await platform.until(id, (view) => view.attention.length > 0);
    expect(attention).toMatchObject([{ step: 'proposal', actions: ['follow', 'ignore'] }]);
    await platform.resolve(attention[0]?.id ?? '', { action: 'follow' });
    const moved = await platform.until(id, ({ revision, state }) => revision === 2 && state === 'scheduled');
    expect(moved.slot).toMatchObject(proposed);
  });
});

describe('an event that the performer moves, with the policy `reschedule`', () => {
  it('moves the audition, and is a question when the time is taken', async () => {
    const { id, eventId, start } = await schedule({ policy: { calendarMoves: 'reschedule' } });
    const { calendar } = connectToSandbox(service.sandbox.url, performer);
    const move = (from: number) =>
      calendar.events.patch({
        calendarId: 'primary',
        eventId,
        requestBody: {
          start: { dateTime: new Date(from).toISOString() },
          end: { dateTime: new Date(from + hour).toISOString() },
        },
      });
    await move(start + hour);
    const moved = await platform.until(id, ({ revision, state }) => revision === 2 && state === 'scheduled');
    expect(moved).toMatchObject({ slot: { start: toInstant(start + hour) }, attention: [] });
    await platform.untilNotified(id);
    service.sandbox.control.addBusy({
      account: sandboxAccounts.conn_director,
      start: toInstant(start + 5 * hour),
      end: toInstant(start + 6 * hour),
    });
    await move(start + 5 * hour);
    const asked = await platform.until(id, ({ attention }) => attention.length > 0);
    expect(asked.attention).toMatchObject([
      { step: 'calendar_change', actions: ['follow', 'restore', 'ignore'] },
    ]);
    expect(asked.attention[0]?.what).toContain('could not follow');
    expect(asked.revision).toBe(2);
  });
});
