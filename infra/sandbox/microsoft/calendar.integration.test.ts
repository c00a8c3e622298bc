import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startGraphSandbox } from '../../../tests/harness/graph-sandbox.ts';
import type { SandboxOptions } from '../settings.ts';

const account = 'ann@contoso.example';
const property = 'String {00000000-1111-2222-3333-444444444444} Name mark';
const at = (dateTime: string, timeZone = 'UTC') => ({ dateTime, timeZone });
const body = (changes: object = {}) => ({
  subject: 'Read-through',
  start: at('2026-12-01T09:00:00'),
  end: at('2026-12-01T10:00:00'),
  ...changes,
});

const eventSchema = z.looseObject({ id: z.string(), '@odata.etag': z.string() });
const pageSchema = z.object({
  value: z.array(z.looseObject({ id: z.string() })),
  '@odata.nextLink': z.string().optional(),
});

const setup = async (options: SandboxOptions = {}) => {
  const sandbox = await startGraphSandbox(options);
  const { call } = sandbox;
  const create = async (changes: object = {}) =>
    eventSchema.parse((await call('POST', '/calendar/events', body(changes))).body);
  return { ...sandbox, create };
};

const rejected = (status: number, code: string) => ({ status, body: { error: { code } } });

describe('the events of the Outlook sandbox', () => {
  it('are stored, and returned with the fields that Graph adds', async () => {
    const { call, create } = await setup();
    const { id } = await create();
    expect((await call('GET', `/calendar/events/${id}`)).body).toMatchObject({
      id,
      subject: 'Read-through',
      showAs: 'busy',
      isOrganizer: true,
      originalStartTimeZone: 'UTC',
      start: { dateTime: '2026-12-01T09:00:00.0000000', timeZone: 'UTC' },
    });
  });

  it('have another id for a client that asks for immutable ids', async () => {
    const { call, create } = await setup();
    const { id } = await create();
    const answer = await call('GET', `/calendar/events/${id}`, undefined, {
      prefer: 'outlook.timezone="Pacific Standard Time", IdType="ImmutableId"',
    });
    const immutable = eventSchema.parse(answer.body);
    expect(immutable.id).not.toBe(id);
    expect(immutable).toMatchObject({
      start: { dateTime: '2026-12-01T01:00:00.0000000', timeZone: 'Pacific Standard Time' },
    });
    expect((await call('GET', `/calendar/events/${immutable.id}`)).body).toMatchObject({ id });
  });

  it.each([
    ['an unknown zone', { start: at('2026-12-01T09:00:00', 'Nowhere') }, 'TimeZoneNotSupportedException'],
    ['an end before the start', { end: at('2026-12-01T08:00:00') }, 'ErrorPropertyValidationFailure'],
    ['no end', { end: undefined }, 'ErrorPropertyValidationFailure'],
    ['a whole day that begins at nine', { isAllDay: true }, 'ErrorPropertyValidationFailure'],
    ['an unknown field', { titel: 'x' }, 'RequestBodyRead'],
    [
      'an invalid property',
      { singleValueExtendedProperties: [{ id: 'mark', value: '1' }] },
      'ErrorInvalidProperty',
    ],
  ])('are rejected with %s', async (_name, changes, code) => {
    const { call } = await setup();
    expect(await call('POST', '/calendar/events', body(changes))).toMatchObject(rejected(400, code));
  });

  it('are changed only while they have the ETag of the request', async () => {
    const { call, create } = await setup();
    const { id, '@odata.etag': etag } = await create();
    const change = (subject: string) =>
      call('PATCH', `/calendar/events/${id}`, { subject }, { 'if-match': etag });
    expect(await change('First')).toMatchObject({ status: 200, body: { subject: 'First' } });
    expect(await change('Second')).toMatchObject(rejected(412, 'ErrorIrresolvableConflict'));
    expect(await call('DELETE', `/calendar/events/${id}`, undefined, { 'if-match': etag })).toMatchObject(
      rejected(412, 'ErrorIrresolvableConflict'),
    );
    expect((await call('DELETE', `/calendar/events/${id}`)).status).toBe(204);
    expect(await call('DELETE', `/calendar/events/${id}`)).toMatchObject(rejected(404, 'ErrorItemNotFound'));
  });

  it('are created once for a transaction id', async () => {
    const { call, create } = await setup();
    const first = await create({ transactionId: 't1' });
    expect(await create({ transactionId: 't1' })).toMatchObject({ id: first.id });
    expect(
      await call('POST', '/calendar/events', body({ transactionId: 't1', subject: 'Other' })),
    ).toMatchObject(rejected(400, 'ErrorDuplicateTransactionId'));
  });

  it('are found by an extended property, which is sent only when the query names it', async () => {
    const { call, create } = await setup();
    const mark = { id: property, value: 'Ours' };
    const { id } = await create({ singleValueExtendedProperties: [mark] });
    await create();
    const filter = `$filter=${encodeURIComponent(`singleValueExtendedProperties/Any(ep: ep/id eq '${property}' and ep/value eq 'ours')`)}`;
    const expand = `$expand=${encodeURIComponent(`singleValueExtendedProperties($filter=id eq '${property}')`)}`;
    const plain = pageSchema.parse((await call('GET', `/calendar/events?${filter}`)).body);
    expect(plain.value.map((event) => event.id)).toEqual([id]);
    expect(plain.value[0]).not.toHaveProperty('singleValueExtendedProperties');
    const expanded = await call('GET', `/calendar/events?${filter}&${expand}`);
    expect(expanded.body).toMatchObject({ value: [{ singleValueExtendedProperties: [mark] }] });
    expect((await call('GET', `/calendar/events?$expand=singleValueExtendedProperties`)).status).toBe(400);
  });
});

describe('the calendar view of the Outlook sandbox', () => {
  it('is sent in pages with a link to the next one', async () => {
    const { call, create } = await setup();
    for (let event = 0; event < 3; event += 1) await create();
    const view = '/calendar/calendarView?startDateTime=2026-12-01T00:00:00Z&endDateTime=2026-12-02T00:00:00Z';
    const first = pageSchema.parse((await call('GET', `${view}&$top=2&$select=subject`)).body);
    expect(first.value).toHaveLength(2);
    const second = pageSchema.parse((await call('GET', first['@odata.nextLink'] ?? '')).body);
    expect(second.value).toHaveLength(1);
    expect(second['@odata.nextLink']).toBeUndefined();
    expect(await call('GET', '/calendar/calendarView')).toMatchObject(rejected(400, 'ErrorInvalidParameter'));
    expect((await call('GET', `${view}&$select=titel`)).status).toBe(400);
    expect((await call('GET', `${view}&$top=1001`)).status).toBe(400);
  });

  it('ignores the preferred zone for events that last all day', async () => {
    const { call, control } = await setup();
    control.addOutlookEvent({ account, start: '2026-12-01', end: '2026-12-02' });
    const view = '/calendar/calendarView?startDateTime=2026-12-01T00:00:00Z&endDateTime=2026-12-02T00:00:00Z';
    const answer = await call('GET', view, undefined, { prefer: 'outlook.timezone="Tokyo Standard Time"' });
    expect(answer.body).toMatchObject({
      value: [{ start: { dateTime: '2026-12-01T00:00:00.0000000', timeZone: 'Tokyo Standard Time' } }],
    });
  });
});

it('the Outlook sandbox tells the working hours of a mailbox', async () => {
  const { call, control } = await setup({ microsoft: { timeZone: 'Pacific Standard Time' } });
  control.addOutlookEvent({
    account,
    start: '2026-12-01T09:00:00',
    end: '2026-12-01T10:00:00',
    subject: 'Doctor',
    sensitivity: 'private',
  });
  const answer = await call('POST', '/calendar/getSchedule', {
    schedules: [account, 'nobody@contoso.example'],
    startTime: at('2026-12-01T00:00:00'),
    endTime: at('2026-12-02T00:00:00'),
  });
  expect(answer.body).toMatchObject({
    value: [
      {
        scheduleItems: [{ isPrivate: true, status: 'busy' }],
        workingHours: { timeZone: { name: 'Pacific Standard Time' } },
      },
      { error: { responseCode: 'ErrorMailRecipientNotFound' } },
    ],
  });
  expect(JSON.stringify(answer.body)).not.toContain('Doctor');
});

it('the Outlook sandbox limits the simultaneous requests to a mailbox', async () => {
  const { call, control } = await setup();
  control.setFault('microsoft', { kind: 'latency', operation: 'calendars.list', latencyMs: 300 });
  const answers = await Promise.all(Array.from({ length: 5 }, () => call('GET', '/calendars')));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(4);
  const throttled = answers.find(({ status }) => status === 429);
  expect(throttled).toMatchObject(rejected(429, 'ApplicationThrottled'));
  expect(throttled?.headers.get('retry-after')).toBe('1');
  expect((await call('GET', '/calendars')).status).toBe(200);
});

it('the Outlook sandbox rejects a request without a token, and a calendar of another account', async () => {
  const { url, call, control } = await setup();
  expect((await fetch(`${url}/v1.0/me/calendar`)).status).toBe(401);
  const other = control.openMailbox('bob@contoso.example');
  expect(await call('GET', `/calendars/${other}`)).toMatchObject(rejected(404, 'ErrorItemNotFound'));
});
