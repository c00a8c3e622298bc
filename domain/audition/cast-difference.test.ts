import { describe, expect, it } from 'vitest';
import { castDifference, keepsCalendar, keptChannels, movesCalendarEntry } from './cast-difference.ts';
import { type Participant, participantSchema } from './request.ts';

const calendar = { provider: 'google', connection: 'conn_1', calendarId: 'primary' } as const;
const rita: Participant = participantSchema.parse({
  id: 'rita',
  kind: 'reader',
  name: 'Rita',
  email: 'rita@example.com',
  phone: '+33612345678',
  zone: 'Europe/London',
  channels: ['email', 'sms'],
  calendar,
});
const bob: Participant = { ...rita, id: participantSchema.shape.id.parse('bob') };

const replaced = (details: Partial<Participant>) => {
  const [change] = castDifference([rita], [{ ...rita, ...details }]).replaced;
  if (!change) throw new Error('nothing was replaced');
  return change;
};

describe('the difference of two casts', () => {
  it('names who was added and who has left', () => {
    expect(castDifference([rita], [bob])).toEqual({ added: [bob], removed: [rita], replaced: [] });
  });

  it('is empty for equal details, whatever the order of participants and keys', () => {
    const { zone, ...rest } = rita;
    const none = { added: [], removed: [], replaced: [] };
    expect(castDifference([rita, bob], [bob, { zone, ...rest, quietHours: undefined }])).toEqual(none);
  });

  it.each([
    ['another phone number', { phone: '+33612345679' }, true, ['email']],
    ['another email address', { email: 'r@example.com' }, true, ['sms']],
    ['a channel less', { channels: ['sms'] as const }, true, ['sms']],
    ['other addresses', { email: 'bob@example.com', phone: '+33612345679' }, false, []],
    ['another kind', { kind: 'agent' } as const, false, []],
  ])('tells with %s whether it is the same person', (_, details, isSamePerson, kept) => {
    const change = replaced({
      ...details,
      channels: [...('channels' in details ? details.channels : rita.channels)],
    });
    expect(change.isSamePerson).toBe(isSamePerson);
    expect(keptChannels(change)).toEqual(kept);
    expect(keepsCalendar(change)).toBe(isSamePerson);
  });

  it('tells whether the calendar stays', () => {
    expect(keepsCalendar(replaced({ calendar: { ...calendar, calendarId: 'other' } }))).toBe(false);
    expect(keepsCalendar(replaced({ calendar: undefined }))).toBe(false);
  });

  it.each([
    ['no calendar', { calendar: undefined }, true],
    ['a calendar that is only read', { calendar: { ...calendar, provider: 'ics' } } as const, true],
    ['another connected calendar', { calendar: { ...calendar, calendarId: 'other' } }, false],
    ['no calendar and another email address', { calendar: undefined, email: 'r@example.com' }, false],
    ['no calendar and no emails', { calendar: undefined, channels: ['sms'] as const }, false],
  ])('tells with %s whether the calendar entry moves', (_, details, moves) => {
    const channels = [...('channels' in details ? details.channels : rita.channels)];
    expect(movesCalendarEntry(replaced({ ...details, channels }))).toBe(moves);
  });
});
