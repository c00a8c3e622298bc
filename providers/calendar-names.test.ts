import { describe, expect, it } from 'vitest';
import { callContext } from '../tests/harness/call-context.ts';
import { calendarName, calendarNames } from './calendar-names.ts';

describe('the name of a Google calendar', () => {
  it.each([
    ['ada@example.com', 'primary', 'google/ada@example.com'],
    ['ada@example.com', 'Ada@Example.com', 'google/ada@example.com'],
    ['Ada@Example.com', 'primary', 'google/ada@example.com'],
    ['carl@example.com', 'ada@example.com', 'google/ada@example.com'],
    ['ada.lee@gmail.com', 'primary', 'google/adalee@gmail.com'],
    ['ada.lee@gmail.com', 'adalee+casting@googlemail.com', 'google/adalee@gmail.com'],
    ['ada.lee@example.com', 'ada.lee@example.com', 'google/ada.lee@example.com'],
    ['ada@example.com', 'c_1f@group.calendar.google.com', 'google/c_1f@group.calendar.google.com'],
    [undefined, 'primary', 'google/conn_1/primary'],
  ])('of the account %s and the id %s is %s', (account, calendarId, expected) => {
    expect(calendarName('google', { id: 'conn_1', account }, calendarId)).toBe(expected);
  });

  it.each([
    ['https://caldav.icloud.com/123/calendars/work/', 'apple/caldav.icloud.com/123/calendars/work'],
    ['https://p42-caldav.icloud.com:443/123/calendars/work', 'apple/caldav.icloud.com/123/calendars/work'],
    [
      'https://Cloud.Example.com/dav/ann@example.com/main/',
      'apple/cloud.example.com/dav/ann%40example.com/main',
    ],
    [
      'http://cloud.example.com/dav/ann%40example.com//main',
      'apple/cloud.example.com/dav/ann%40example.com/main',
    ],
    ['https://cloud.example.com:8443/a%zz/', 'apple/cloud.example.com:8443/a%zz'],
    ['home', 'apple/home'],
  ])('at the URL %s is %s', (calendarId, expected) => {
    const connection = { id: 'conn_1', account: 'ann@example.com' } as const;
    expect(calendarName('apple', connection, calendarId)).toBe(expected);
  });
});

const closed = () => Promise.reject(new Error('the account must be connected again'));

describe('the name of an Outlook calendar', () => {
  const connection = { id: 'conn_1', account: 'Ada@contoso.example', accountId: 'Tenant.Ada' } as const;
  /** `AAMain=` is the id of the main calendar. */
  const outlook = {
    name: 'microsoft',
    resolveAlias: async (_connection: unknown, id: string) => (id === 'AAMain=' ? 'primary' : id),
  } as const;
  const opened = {
    ...connection,
    organization: 'org_1',
    accessToken: async () => '',
    reportRejectedToken: () => {},
    reportMissingScopes: async () => {},
    appPassword: () => Promise.reject(new Error('the account has a token')),
    reportRejectedPassword: async () => {},
    feedAddress: () => Promise.reject(new TypeError('the account was connected with OAuth')),
    reportRejectedFeedAddress: async () => {},
  } as const;
  const namesOf = (calendarId: string, open = async () => opened) =>
    calendarNames(outlook, connection, calendarId, open, callContext());

  it.each([
    ['primary', 'microsoft/tenant.ada'],
    ['AAMain=', 'microsoft/tenant.ada'],
    ['AAOther=', 'microsoft/AAOther='],
  ])('with the id %s is %s', async (calendarId, expected) => {
    expect(await namesOf(calendarId)).toEqual([expected]);
  });

  it('is that of both possibilities when Microsoft cannot be asked', async () => {
    expect(await namesOf('AAMain=', closed)).toEqual(['microsoft/AAMain=', 'microsoft/tenant.ada']);
    expect(await namesOf('primary', closed)).toEqual(['microsoft/tenant.ada']);
  });

  it('is known to the connection alone when the connection is gone', async () => {
    const gone = { id: 'conn_1', account: undefined } as const;
    expect(await calendarNames(outlook, gone, 'AAMain=', async () => opened, callContext())).toEqual([
      'microsoft/conn_1/AAMain=',
    ]);
  });
});
