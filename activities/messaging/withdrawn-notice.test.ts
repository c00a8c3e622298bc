import { describe, expect, it } from 'vitest';
import type { Announcement } from '../../db/auditions/announcements.ts';
import { participantSchema } from '../../domain/audition/request.ts';
import { projectIdSchema, roleIdSchema } from '../../domain/ids.ts';
import type { NoticeFacts } from '../contract.ts';
import { withdrawalOf, withdrawnFailure } from './withdrawn-notice.ts';

const joinUrl = 'https://zoom.example/j/1';
const audition: NoticeFacts = {
  project: { id: projectIdSchema.parse('prj'), title: 'Nightfall' },
  role: { id: roleIdSchema.parse('role'), name: 'Captain' },
  round: 'first',
  slot: { start: '2026-12-01T09:00:00.000Z', end: '2026-12-01T09:30:00.000Z', zone: 'Europe/Paris' },
  revision: 2,
  joinUrl,
};
const present: Announcement = {
  state: 'scheduled',
  revision: 2,
  announcedAs: [2],
  joinUrl,
  suppression: undefined,
};
const ada = participantSchema.parse({
  id: 'ada',
  kind: 'performer',
  name: 'Ada',
  email: 'ada@example.com',
  zone: 'Europe/Paris',
  channels: ['email'],
});
const start = Date.parse(audition.slot.start);
const before = start - 60_000;

const reminder = { notice: 'reminder', audition, recipient: ada } as const;
const invitation = { ...reminder, notice: 'invitation' } as const;
const update = { ...reminder, notice: 'update' } as const;
const cancellation = { ...reminder, notice: 'cancellation' } as const;

describe('a notice', () => {
  it.each([invitation, update, reminder])('of the present slot is sent ($notice)', (notice) => {
    expect(withdrawalOf(notice, present, before)).toBeUndefined();
  });

  it('of an audition that the read model does not have is sent', () => {
    expect(withdrawalOf(invitation, undefined, before)).toBeUndefined();
  });

  it.each([
    ['the slot has moved', { revision: 3, announcedAs: [3] }],
    ['the meeting has another link', { joinUrl: 'https://zoom.example/j/2' }],
    ['the meeting is gone', { joinUrl: undefined }],
    ['the audition is closed', { state: 'closed' }],
  ] as const)('is superseded when %s', (_what, change) => {
    for (const notice of [invitation, update, reminder]) {
      expect(withdrawalOf(notice, { ...present, ...change }, before)).toBe('superseded');
    }
    expect(withdrawalOf(cancellation, { ...present, ...change }, before)).toBeUndefined();
  });

  it('holds again when a move was aborted and the slot is the announced one', () => {
    const returned = { ...present, revision: 4, announcedAs: [2, 4] };
    expect(withdrawalOf(invitation, returned, before)).toBeUndefined();
    expect(withdrawalOf({ ...update, audition: { ...audition, revision: 3 } }, returned, before)).toBe(
      'superseded',
    );
  });

  it('without a link is sent when a meeting was created meanwhile', () => {
    const { joinUrl: _, ...inPerson } = audition;
    expect(withdrawalOf({ ...invitation, audition: inPerson }, present, before)).toBeUndefined();
  });
});

describe('a reminder', () => {
  it('is overdue from the start of the slot on, unlike other notices', () => {
    expect(withdrawalOf(reminder, present, start - 1)).toBeUndefined();
    expect(withdrawalOf(reminder, present, start)).toBe('overdue');
    expect(withdrawalOf(update, present, start)).toBeUndefined();
  });
});

describe('a notice to a suppressed address', () => {
  const suppressed = { ...present, suppression: 'bounced' };

  it.each([invitation, update, reminder, cancellation])('is not sent ($notice)', (notice) => {
    expect(withdrawalOf(notice, suppressed, before)).toBe('suppressed');
  });

  it('counts as superseded when the slot has moved', () => {
    const moved = { ...suppressed, revision: 3, announcedAs: [3] };
    expect(withdrawalOf(update, moved, before)).toBe('superseded');
    expect(withdrawalOf(cancellation, moved, before)).toBe('suppressed');
  });
});

describe('the notice that the entry has moved to the connected calendar', () => {
  const recipient = {
    ...ada,
    calendar: { provider: 'google', connection: 'conn_1', calendarId: 'primary' },
  } as const;
  const moved = { ...update, recipient, audition: { ...audition, changed: 'calendar' } } as const;

  it('is sent only when it removes the entry of earlier emails', () => {
    expect(withdrawalOf({ ...moved, calendarPart: 'CANCEL' }, present, before)).toBeUndefined();
    expect(withdrawalOf({ ...moved, calendarPart: 'none' }, present, before)).toBe('superseded');
    expect(withdrawalOf({ ...moved, calendarPart: 'REQUEST' }, present, before)).toBe('superseded');
  });

  it('is sent when the entry moves back', () => {
    expect(withdrawalOf({ ...moved, recipient: ada, calendarPart: 'REQUEST' }, present, before)).toBe(
      undefined,
    );
  });
});

it('the failure of a withdrawn notice has its reason as type, and is not retried', () => {
  expect(withdrawnFailure('overdue')).toMatchObject({ type: 'overdue', nonRetryable: true });
});
