import { describe, expect, it } from 'vitest';
import { participantSchema } from '../../domain/audition/request.ts';
import { projectIdSchema, roleIdSchema } from '../../domain/ids.ts';
import { type CalendarInvitation, renderInvitationCalendar } from './invitation-calendar.ts';

const invitation: CalendarInvitation = {
  auditionId: 'aud_1',
  audition: {
    project: { id: projectIdSchema.parse('prj'), title: 'Nightfall' },
    role: { id: roleIdSchema.parse('role'), name: 'Captain' },
    round: 'first',
    slot: { start: '2026-12-01T09:00:00.000Z', end: '2026-12-01T09:30:00.000Z', zone: 'Europe/Paris' },
    revision: 3,
    joinUrl: 'https://zoom.example/j/1',
    notes: 'Bring the sides; all of them',
  },
  recipient: {
    ...participantSchema.parse({
      id: 'ada',
      kind: 'performer',
      name: 'Ada',
      zone: 'Europe/Paris',
      channels: ['email'],
    }),
    // The API rejects such a name. The renderer must not rely on it.
    name: 'Ada\r\nATTENDEE:mailto:evil@example.com',
    email: 'ada@example.com',
  },
  organizer: 'CastMatch <auditions@example.com>',
};

/** Content lines, unfolded (RFC 5545, section 3.1). */
const linesOf = (content: string) => content.replaceAll(/\r?\n[ \t]/g, '').split(/\r?\n/);

const sequenceOf = (method: 'REQUEST' | 'CANCEL', revision: number) => {
  const { content } = renderInvitationCalendar(method, {
    ...invitation,
    audition: { ...invitation.audition, revision },
  });
  return Number(/SEQUENCE:(\d+)/.exec(content)?.[1]);
};

const parametersFor = (name: string, organizer = invitation.organizer) => {
  const { content } = renderInvitationCalendar('REQUEST', {
    ...invitation,
    recipient: { ...invitation.recipient, name },
    organizer,
  });
  return linesOf(content).filter((line) => /^(ATTENDEE|ORGANIZER)/.test(line));
};

it('a calendar invitation has the reply address as its organizer, also when it is cancelled', () => {
  for (const method of ['REQUEST', 'CANCEL'] as const) {
    const replyAddress = 'replies+tag@in.example.com';
    const { content } = renderInvitationCalendar(method, { ...invitation, replyAddress });
    const organizers = linesOf(content).filter((line) => line.startsWith('ORGANIZER'));
    expect(organizers).toEqual([`ORGANIZER;CN="CastMatch":mailto:${replyAddress}`]);
  }
});

describe('a calendar invitation', () => {
  const { method, content } = renderInvitationCalendar('REQUEST', invitation);
  const lines = linesOf(content);

  it('has the same method inside and outside the calendar object (RFC 6047)', () => {
    expect(method).toBe('REQUEST');
    expect(lines).toContain('METHOD:REQUEST');
    expect(lines).toContain('STATUS:CONFIRMED');
  });

  it('has one UID per audition, and a sequence that increases with its revision', () => {
    expect(lines).toContain('UID:aud_1@castmatch');
    expect(lines).toContain('SEQUENCE:6');
  });

  it('has its times in UTC', () => {
    expect(lines).toContain('DTSTART:20261201T090000Z');
    expect(lines).toContain('DTEND:20261201T093000Z');
  });

  it('names organizer and attendee, and prevents line injection through names', () => {
    expect(lines.find((line) => line.startsWith('ORGANIZER'))).toMatch(/CastMatch.*auditions@example\.com/);
    const attendees = lines.filter((line) => line.startsWith('ATTENDEE'));
    expect(attendees).toHaveLength(1);
    expect(attendees[0]).toMatch(/RSVP=TRUE.*:mailto:ada@example\.com$/i);
  });

  it('contains the location, and escapes texts entered by users', () => {
    expect(lines).toContain('LOCATION:https://zoom.example/j/1');
    expect(content).toContain(String.raw`Bring the sides\; all of them`);
  });
});

it.each([
  ["o'hara+x@example.com", ":MAILTO:o'hara+x@example.com"],
  ['josé@example.com', ';EMAIL=josé@example.com:MAILTO:jos%C3%A9@example.com'],
  ['a&b@example.com', ';EMAIL=a&b@example.com:MAILTO:a%26b@example.com'],
  ['"a,b;c:d"@example.com', ':MAILTO:%22a%2Cb%3Bc%3Ad%22@example.com'],
  ['"josé \\"x\\""@example.com', ':MAILTO:%22jos%C3%A9%20%5C%22x%5C%22%22@example.com'],
])('a calendar invitation names the attendee %s by a URI', (email, ending) => {
  const { content } = renderInvitationCalendar('REQUEST', {
    ...invitation,
    recipient: { ...invitation.recipient, name: 'Ada', email },
    organizer: `CastMatch <${email.startsWith('"') ? 'auditions@example.com' : email}>`,
  });
  const [attendee, ...others] = linesOf(content).filter((line) => line.startsWith('ATTENDEE'));
  expect(others).toEqual([]);
  expect(attendee).toBe(`ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;CN="Ada"${ending}`);
  const [organizer] = linesOf(content).filter((line) => line.startsWith('ORGANIZER'));
  expect(organizer).toMatch(/^ORGANIZER;CN="CastMatch"(;EMAIL=[^":;,]+)?:mailto:[!-~]+@example\.com$/);
  const longest = Math.max(...content.split('\r\n').map((line) => Buffer.byteLength(line)));
  expect(longest).toBeLessThanOrEqual(75);
});

it('a calendar cancellation removes the same entry and requests no answer', () => {
  const { method, content } = renderInvitationCalendar('CANCEL', invitation);
  const lines = linesOf(content);
  expect(method).toBe('CANCEL');
  expect(lines).toEqual(
    expect.arrayContaining(['METHOD:CANCEL', 'UID:aud_1@castmatch', 'SEQUENCE:7', 'STATUS:CANCELLED']),
  );
  expect(content).not.toMatch(/RSVP=TRUE|respond/);
});

it.each(['calendar', 'declined'] as const)(
  'a calendar cancellation that only removes the entry has no status (%s)',
  (changed) => {
    const audition = { ...invitation.audition, changed };
    const { content } = renderInvitationCalendar('CANCEL', { ...invitation, audition });
    expect(content).toContain('METHOD:CANCEL');
    expect(content).not.toContain('STATUS:');
  },
);

it('a calendar cancellation supersedes the request of its revision, and not that of the next one', () => {
  const sequences = [1, 2, 3].flatMap((revision) => [
    sequenceOf('REQUEST', revision),
    sequenceOf('CANCEL', revision),
  ]);
  expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
  expect(new Set(sequences).size).toBe(6);
});

describe('a parameter of a calendar invitation', () => {
  it.each([
    ['quotes', 'Al "Ace" Moss', "Al 'Ace' Moss"],
    ['a backslash', String.raw`Al\Moss`, 'Al Moss'],
    ['a tab', 'Al\tMoss', 'Al Moss'],
    ['separators', 'Moss, Al; PhD: é', 'Moss, Al; PhD: é'],
  ])('contains no quote and no escape for a name with %s', (_what, name, written) => {
    const [organizer, attendee] = parametersFor(name, `${name} <o@example.com>`);
    expect(attendee).toContain(`;CN="${written}"`);
    expect(organizer).toBe(`ORGANIZER;CN="${written}":mailto:o@example.com`);
  });

  it('accepts a quoted organizer', () => {
    const [organizer] = parametersFor('Ada', String.raw`"Studio \"North\"" <o@example.com>`);
    expect(organizer).toBe(`ORGANIZER;CN="Studio 'North'":mailto:o@example.com`);
  });
});

it('a calendar invitation accepts an organizer without a name', () => {
  const { content } = renderInvitationCalendar('REQUEST', {
    ...invitation,
    organizer: 'auditions@example.com',
  });
  expect(content).toMatch(/ORGANIZER;CN="?CastMatch"?:mailto:auditions@example\.com/i);
});
