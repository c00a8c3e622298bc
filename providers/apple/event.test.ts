import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fold, unfold } from '../icalendar/content-lines.ts';
import type { CalendarEvent } from '../ports.ts';
import { changeOf, newEventText, readStored, withoutUses } from './event.ts';

const uid = 'a1b2c3d4';
const now = new Date('2026-11-01T12:00:00Z');
const later = new Date('2026-11-02T12:00:00Z');

const event = (change: Partial<CalendarEvent> = {}): CalendarEvent => ({
  calendarId: 'https://calendar.example/ann/',
  eventId: uid,
  reference: 'aud_1',
  use: { name: 'ada', key: 'key-1' },
  summary: 'Audition: "Captain"; Nightfall, first round',
  description: `Line 1\nÉtage 3 \\ left\u0007 ${'long '.repeat(40)}`,
  location: 'Studio 4',
  slot: { start: '2026-12-01T09:00:00.000Z', end: '2026-12-01T09:30:00.000Z', zone: 'Europe/Paris' },
  revision: 1,
  ...change,
});

const moved = event({
  slot: { start: '2026-12-02T09:00:00.000Z', end: '2026-12-02T09:30:00.000Z', zone: 'Europe/Paris' },
  revision: 2,
});

const storedOf = (text: string) => {
  const stored = readStored(text, uid);
  if (!stored) throw new Error('the text has no event of ours');
  return stored;
};

/** Returns the lines after the change; undefined when nothing changes. */
const changed = (text: string, to: CalendarEvent): readonly string[] | undefined => {
  const change = changeOf(storedOf(text), to, later, 'ada@example.com');
  return change.kind === 'update' ? unfold(change.text) : undefined;
};

const insert = (text: string, ...lines: readonly string[]): string =>
  text.replace('END:VEVENT', [...lines, 'END:VEVENT'].join('\r\n'));

describe('the text of an event', () => {
  it('is read back as it was written, in lines of at most 75 octets', () => {
    const text = newEventText(event(), now);
    for (const line of text.split('\r\n')) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75);
    expect(text).not.toContain('\u0007');
    expect(storedOf(text)).toMatchObject({
      reference: 'aud_1',
      revision: 1,
      sequence: 1,
      isCancelled: false,
      start: Date.parse('2026-12-01T09:00:00Z'),
      end: Date.parse('2026-12-01T09:30:00Z'),
    });
    expect(unfold(text)).toEqual(
      expect.arrayContaining([
        'SUMMARY:Audition: "Captain"\\; Nightfall\\, first round',
        'DTSTAMP:20261101T120000Z',
        'LOCATION:Studio 4',
      ]),
    );
  });

  it('is not changed by the same event, also after a server has reordered its lines', () => {
    const text = newEventText(event(), now);
    expect(changed(text, event())).toBeUndefined();
    const lines = unfold(text);
    const reordered = [...lines.slice(0, 4), ...lines.slice(4, -2).toReversed(), ...lines.slice(-2)].join(
      '\n',
    );
    expect(changed(reordered, event())).toBeUndefined();
  });

  it('keeps each text that a person has edited until ours of the same field is another one', () => {
    const brief = event({ description: 'First round' });
    const edited = newEventText(brief, now).replace('DESCRIPTION:First round', 'DESCRIPTION:Bring a hat');
    const elsewhere = { ...moved, description: 'First round', location: 'Attic' };
    const kept = changed(edited, elsewhere);
    expect(kept).toEqual(expect.arrayContaining(['DESCRIPTION:Bring a hat', 'LOCATION:Attic']));
    const ours = changed(fold(kept ?? []), { ...elsewhere, description: 'Second round', revision: 3 });
    expect(ours).toEqual(expect.arrayContaining(['DESCRIPTION:Second round', 'LOCATION:Attic']));
    expect(ours).not.toContain('DESCRIPTION:Bring a hat');
  });

  it('has an alarm for each reminder', () => {
    const lines = unfold(newEventText(event({ reminders: [1440, 0] }), now));
    expect(lines.slice(lines.indexOf('TRANSP:OPAQUE'))).toEqual([
      'TRANSP:OPAQUE',
      'BEGIN:VALARM',
      `UID:${uid}-reminder-1440`,
      'ACTION:DISPLAY',
      'DESCRIPTION:Audition: "Captain"\\; Nightfall\\, first round',
      'TRIGGER:-PT1440M',
      'END:VALARM',
      'BEGIN:VALARM',
      `UID:${uid}-reminder-0`,
      'ACTION:DISPLAY',
      'DESCRIPTION:Audition: "Captain"\\; Nightfall\\, first round',
      'TRIGGER:PT0M',
      'END:VALARM',
      'END:VEVENT',
      'END:VCALENDAR',
    ]);
    expect(newEventText(event({ reminders: [] }), now)).not.toContain('VALARM');
  });

  it('keeps the alarms that a person has changed, added or removed', () => {
    const text = newEventText(event({ reminders: [30] }), now);
    expect(changed(text, event({ reminders: [30] }))).toBeUndefined();
    const snoozed = text.replace('TRIGGER:-PT30M', 'TRIGGER:-PT5M');
    expect(changed(snoozed, event({ reminders: [30] }))).toBeUndefined();
    const after = changed(snoozed, { ...moved, reminders: [30] });
    expect(after).toContain('TRIGGER:-PT5M');
    expect(after).not.toContain('TRIGGER:-PT30M');
  });

  it('gets the alarms that it was not written with, beside those of a person', () => {
    const theirs = ['BEGIN:VALARM', 'ACTION:AUDIO', 'TRIGGER:-PT7M', 'END:VALARM'];
    const text = insert(newEventText(event(), now), ...theirs);
    const after = changed(text, event({ reminders: [30] }));
    expect(after).toEqual(expect.arrayContaining([...theirs, 'TRIGGER:-PT30M']));
    const again = changed(after?.join('\r\n') ?? '', event({ reminders: [60] }));
    expect(again).toEqual(expect.arrayContaining([...theirs, 'TRIGGER:-PT60M']));
    expect(again).not.toContain('TRIGGER:-PT30M');
    expect(again?.filter((line) => line.startsWith('X-CASTMATCH-REMINDERS'))).toEqual([
      'X-CASTMATCH-REMINDERS:60',
    ]);
  });

  it('keeps the texts that a person has edited until ours are others', () => {
    const edited = newEventText(event(), now).replace(/SUMMARY:.*/, 'SUMMARY:My big day');
    expect(changed(edited, event())).toBeUndefined();
    expect(changed(edited, moved)).toContain('SUMMARY:My big day');
    const renamed = changed(edited, { ...moved, summary: 'Audition: Hamlet' });
    expect(renamed).toContain('SUMMARY:Audition: Hamlet');
    expect(renamed?.filter((line) => line.startsWith('SUMMARY'))).toHaveLength(1);
  });

  it('keeps the title that a person has edited when only the room is another one', () => {
    const edited = newEventText(event({ location: 'Room 1' }), now).replace(
      /SUMMARY:.*/,
      'SUMMARY:My big day',
    );
    const after = changed(edited, { ...moved, location: 'Room 2' });
    expect(after).toEqual(expect.arrayContaining(['SUMMARY:My big day', 'LOCATION:Room 2']));
    expect(after?.filter((line) => line.startsWith('LOCATION'))).toHaveLength(1);
    const without = changed(edited, { ...moved, location: '' });
    expect(without).toContain('SUMMARY:My big day');
    expect(without?.filter((line) => line.startsWith('LOCATION'))).toEqual([]);
  });

  it('with the mark of an earlier version keeps edited texts until one of ours is another one', () => {
    const { summary, description, location = '' } = event();
    const texts = JSON.stringify([summary, description, location]);
    const digest = createHash('sha256').update(texts).digest('hex').slice(0, 24);
    const edited = newEventText(event(), now)
      .replace(/X-CASTMATCH-TEXT:.*\r\n( .*\r\n)*/, `X-CASTMATCH-TEXT:${digest}\r\n`)
      .replace(/SUMMARY:.*/, 'SUMMARY:My big day');
    expect(changed(edited, event())).toBeUndefined();
    expect(changed(edited, moved)).toContain('SUMMARY:My big day');
    expect(changed(edited, { ...moved, location: 'Room 2' })).not.toContain('SUMMARY:My big day');
  });

  it('that an earlier version has written gets our texts, because it is unknown who has edited them', () => {
    const text = newEventText(event(), now)
      .replace(/X-CASTMATCH-TEXT:.*\r\n/, '')
      .replace(/SUMMARY:.*/, 'SUMMARY:My big day');
    expect(changed(text, event())).toContain('SUMMARY:Audition: "Captain"\\; Nightfall\\, first round');
  });

  it('changes only in our properties', () => {
    const added = [
      'X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-TITLE="Studio, 4":geo:48.8,2.3',
      'ATTENDEE;CN=Lee;PARTSTAT=ACCEPTED:mailto:lee@example.com',
      'a line that is no property',
      'BEGIN:VALARM',
      'TRIGGER:-PT30M',
      'DESCRIPTION:Leave now',
      'END:VALARM',
    ];
    const lines = changed(insert(newEventText(event(), now), ...added), moved) ?? [];
    expect(lines).toEqual(expect.arrayContaining(added));
    expect(lines.filter((line) => line.startsWith('DTSTART'))).toEqual(['DTSTART:20261202T090000Z']);
    expect(lines).toContain('CREATED:20261101T120000Z');
    expect(lines).toContain('LAST-MODIFIED:20261102T120000Z');
    expect(lines.indexOf('DTSTART:20261202T090000Z')).toBeLessThan(lines.indexOf('BEGIN:VALARM'));
    expect(lines.slice(-2)).toEqual(['END:VEVENT', 'END:VCALENDAR']);
  });

  it('has a higher SEQUENCE after each move, also when a person has moved the event before', () => {
    const text = newEventText(event(), now)
      .replace('DTSTART:20261201T090000Z', 'DTSTART;TZID=Europe/Paris:20261205T100000')
      .replace(/DTEND:\S+/, 'DURATION:PT1H')
      .replace('SEQUENCE:1', 'SEQUENCE:7');
    const lines = changed(text, moved) ?? [];
    expect(lines).toContain('SEQUENCE:8');
    expect(lines.filter((line) => /^(DTEND|DURATION)/.test(line))).toEqual(['DTEND:20261202T093000Z']);
  });

  it('keeps other events of the resource, such as a changed occurrence', () => {
    const other = [
      'BEGIN:VEVENT',
      `UID:${uid}`,
      'RECURRENCE-ID:20261208T090000Z',
      'DTSTART:20261208T110000Z',
      'END:VEVENT',
    ];
    const text = newEventText(event(), now).replace(
      'END:VCALENDAR',
      [...other, 'END:VCALENDAR'].join('\r\n'),
    );
    expect(changed(text, moved)?.slice(-6)).toEqual([...other, 'END:VCALENDAR']);
  });

  it('does not return to an earlier revision, and only gains the use of another participant', () => {
    const text = newEventText(moved, now);
    expect(changed(text, event())).toBeUndefined();
    const lines = changed(text, event({ use: { name: 'carl', key: 'key-2' } })) ?? [];
    expect(lines).toContain('DTSTART:20261202T090000Z');
    expect(lines.filter((line) => line.startsWith('X-CASTMATCH-USE-'))).toHaveLength(2);
  });

  it('is revived without its former uses when a person has cancelled the event', () => {
    const shared = changed(newEventText(event(), now), event({ use: { name: 'carl', key: 'key-2' } })) ?? [];
    const cancelled = shared.join('\r\n').replace('STATUS:CONFIRMED', 'STATUS:CANCELLED');
    const lines = changed(cancelled, event({ use: { name: 'ada', key: 'key-3' } })) ?? [];
    expect(lines).toContain('STATUS:CONFIRMED');
    expect(lines.filter((line) => line.startsWith('X-CASTMATCH-USE-'))).toHaveLength(1);
  });

  it('loses the answer of its owner with another revision only, and no answer of other people', () => {
    const text = insert(
      newEventText(event(), now),
      'ATTENDEE;CN="Ada; PARTSTAT: x";PARTSTAT=ACCEPTED;RSVP=TRUE:mailto:ADA@example.com',
      'ATTENDEE;PARTSTAT=ACCEPTED:mailto:bea@example.com',
    );
    const attendees = (to: CalendarEvent) => changed(text, to)?.filter((line) => line.startsWith('ATTENDEE'));
    expect(attendees(moved)).toEqual([
      'ATTENDEE;CN="Ada; PARTSTAT: x";PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:ADA@example.com',
      'ATTENDEE;PARTSTAT=ACCEPTED:mailto:bea@example.com',
    ]);
    expect(attendees({ ...moved, revision: 1 })?.[0]).toContain('PARTSTAT=ACCEPTED');
  });

  it('loses the answer of its owner beside a name with a colon and without quotes', () => {
    const line = 'ATTENDEE;CN=Studio: Ada;PARTSTAT=ACCEPTED:mailto:ada@example.com';
    expect(changed(insert(newEventText(event(), now), line), moved)).toContain(
      line.replace('ACCEPTED', 'NEEDS-ACTION'),
    );
  });

  it('of another program is recognized, and one whose marks were dropped is ours', () => {
    const text = newEventText(event(), now);
    const foreign = text.replace('X-CASTMATCH-REFERENCE:aud_1', 'X-CASTMATCH-REFERENCE:aud_2');
    expect(changeOf(storedOf(foreign), moved, later, 'ada')).toEqual({ kind: 'foreign' });
    const stripped = unfold(text)
      .filter((line) => !line.startsWith('X-CASTMATCH'))
      .join('\r\n');
    expect(changed(stripped, moved)).toContain('X-CASTMATCH-REFERENCE:aud_1');
    expect(withoutUses(storedOf(stripped), ['any-key'], later)).toEqual({ kind: 'all' });
  });

  it('loses only the uses that end', () => {
    const shared = changed(newEventText(event(), now), event({ use: { name: 'carl', key: 'key-2' } })) ?? [];
    const stored = storedOf(shared.join('\r\n'));
    expect(withoutUses(stored, ['another'], later)).toEqual({ kind: 'none' });
    expect(withoutUses(stored, ['key-1', 'key-2'], later)).toEqual({ kind: 'all' });
    const rest = withoutUses(stored, ['key-1'], later);
    const left = rest.kind === 'some' ? storedOf(rest.text) : undefined;
    expect(Object.keys(left?.uses ?? {})).toHaveLength(1);
    expect(left?.start).toBe(stored.start);
  });
});
