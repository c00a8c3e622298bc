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
