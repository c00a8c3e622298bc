import { describe, expect, it } from 'vitest';
import { replyCalendar } from '../../tests/harness/reply-mail.ts';
import { readSchedulingMessage } from './scheduling-message.ts';

const reply = {
  uid: 'aud_1@castmatch',
  organizer: 'Replies+tag@in.example.com',
  attendee: 'Ada@Example.com',
  partstat: 'ACCEPTED',
  sequence: 7,
} as const;

const read = (change: Partial<Parameters<typeof replyCalendar>[0]> = {}) =>
  readSchedulingMessage(replyCalendar({ ...reply, ...change }));
const answerOf = (change: Parameters<typeof read>[0]) => {
  const message = read(change);
  return message.kind === 'answers' ? message.answers[0] : undefined;
};

describe('a REPLY', () => {
  it('is read with its attendee, organizer, sequence and time', () => {
    expect(read()).toEqual({
      kind: 'answers',
      method: 'REPLY',
      answers: [
        {
          uid: 'aud_1@castmatch',
          attendees: [{ address: 'ada@example.com', answer: 'accepted' }],
          organizer: 'replies+tag@in.example.com',
          sequence: 7,
          at: '2026-11-25T09:00:00.000Z',
          isOccurrence: false,
          slot: { start: '2026-12-01T09:00:00.000Z', end: '2026-12-01T09:30:00.000Z' },
        },
      ],
    });
  });

  it.each([
    ['accepted', 'accepted'],
    ['DECLINED', 'declined'],
    ['TENTATIVE', 'tentative'],
    ['NEEDS-ACTION', undefined],
    ['DELEGATED', undefined],
    ['X-MAYBE', undefined],
  ])('with the status %s answers %s', (partstat, answer) => {
    expect(answerOf({ partstat })?.attendees).toEqual([{ address: 'ada@example.com', answer }]);
  });

  it.each([
    ['MAILTO:Ada@Example.com', 'ada@example.com'],
    ['mailto: ada@example.com', 'ada@example.com'],
    ['mailto:<ada@example.com>', 'ada@example.com'],
    ['ada@example.com', 'ada@example.com'],
    // RFC 6068, section 2.
    ['mailto:ada%2Bcasting@example.com', 'ada+casting@example.com'],
    ['mailto:ada@example.com?subject=Accepted', 'ada@example.com'],
    ['mailto:100%ada@example.com', '100%ada@example.com'],
  ])('whose attendee is written as %s is from %s', (written, address) => {
    const text = replyCalendar(reply).replace('mailto:Ada@Example.com', written);
    expect(readSchedulingMessage(text)).toMatchObject({
      answers: [{ attendees: [{ address, answer: 'accepted' }] }],
    });
  });

  it('is from the address of the parameter EMAIL when the attendee has another URI', () => {
    const text = replyCalendar(reply).replace(
      ':mailto:Ada@Example.com',
      ';EMAIL="Ada@example.com":urn:uuid:8b2c',
    );
    expect(readSchedulingMessage(text)).toMatchObject({
      answers: [{ attendees: [{ address: 'ada@example.com' }] }],
    });
  });

  it.each(['Doe, Ada', 'Doe; Ada', 'Studio: Ada', 'Ada 6" Doe', '"Ada'])(
    'is read when the names are written as %s',
    (name) => {
      const text = replyCalendar(reply)
        .replace('CN=CastMatch', `CN=${name}`)
        .replace(';CN="Ada; Example"', '');
      const named = text.replace('ATTENDEE;', `ATTENDEE;CN=${name};`);
      expect(named).toContain(`ATTENDEE;CN=${name};PARTSTAT=`);
      expect(readSchedulingMessage(named)).toEqual(read());
    },
  );

  it('is recognized by its media type when the calendar has no METHOD', () => {
    const text = replyCalendar({ ...reply, method: '' });
    expect(readSchedulingMessage(text)).toMatchObject({ reason: 'method_missing' });
    expect(readSchedulingMessage(text, 'REPLY')).toMatchObject({ kind: 'answers', method: 'REPLY' });
    expect(readSchedulingMessage(text, 'PUBLISH')).toEqual({ kind: 'other_method', method: 'PUBLISH' });
  });

  it.each(['jos%C3%A9@example.com', 'jose%CC%81@Example.com', 'josé@example.com'])(
    'of %s has the address decoded and in one form',
    (attendee) => {
      expect(answerOf({ attendee })?.attendees).toEqual([
        { address: 'jos\u00e9@example.com', answer: 'accepted' },
      ]);
    },
  );

  it('needs neither times nor a sequence, and keeps what can be read of damaged ones', () => {
    expect(answerOf({ sequence: undefined, lines: [] })).toMatchObject({
      sequence: undefined,
      slot: undefined,
    });
    expect(
      answerOf({ lines: ['SEQUENCE:minus one', 'DTSTART:20270230T090000Z'], sequence: undefined }),
    ).toMatchObject({
      sequence: undefined,
      slot: undefined,
    });
    expect(answerOf({ stamp: '20261125T090000' })?.at).toBeUndefined();
    expect(answerOf({ stamp: 'yesterday' })?.at).toBeUndefined();
  });

  it('about an occurrence says so', () => {
    expect(answerOf({ lines: ['RECURRENCE-ID:20261201T090000Z'] })?.isOccurrence).toBe(true);
  });

  it('is read with folded lines and any line breaks', () => {
    const text = replyCalendar(reply).replace('mailto:Ada', 'mail\r\n to:Ada').replaceAll('\r\n', '\n');
    expect(readSchedulingMessage(text)).toEqual(read());
  });

  it('with several events has an answer for each', () => {
    const one = replyCalendar(reply);
    const [event = ''] = /BEGIN:VEVENT[^]*END:VEVENT\r\n/.exec(one) ?? [];
    const message = readSchedulingMessage(one.replace(event, event.repeat(30)));
    expect(message.kind === 'answers' && message.answers.length).toBe(20);
  });
});

describe('a COUNTER', () => {
  const counter = { method: 'counter', partstat: 'DECLINED' } as const;

  it('is read with the proposed time, also in a zone that it defines itself', () => {
    expect(read(counter)).toMatchObject({ kind: 'answers', method: 'COUNTER' });
    const lines = ['DTSTART;TZID=Europe/Paris:20261202T100000', 'DURATION:PT45M'];
    expect(answerOf({ ...counter, lines })?.slot).toEqual({
      start: '2026-12-02T09:00:00.000Z',
      end: '2026-12-02T09:45:00.000Z',
    });
  });

  it.each([
    ['lasts all day', ['DTSTART;VALUE=DATE:20261202']],
    ['ends before it starts', ['DTSTART:20261202T100000Z', 'DTEND:20261202T090000Z']],
    ['repeats without end', ['DTSTART:20200101T100000Z', 'DURATION:PT1H', 'RRULE:FREQ=SECONDLY']],
    ['is missing', []],
  ])('whose time %s proposes no time', (_case, lines) => {
    expect(answerOf({ ...counter, lines })).toMatchObject({ uid: reply.uid, slot: undefined });
  });
});

describe('another calendar', () => {
  it.each(['REQUEST', 'CANCEL', 'DECLINECOUNTER', 'REFRESH', 'PUBLISH', 'X-OTHER'])(
    'with the method %s is named',
    (method) => {
      expect(read({ method })).toEqual({ kind: 'other_method', method });
    },
  );

  it('without a method, without an event, without a calendar, or too large is unreadable', () => {
    expect(read({ method: '' })).toEqual({ kind: 'unreadable', reason: 'method_missing' });
    const empty = 'BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nEND:VCALENDAR\r\n';
    for (const text of [
      empty,
      '',
      'Yes, gladly',
      'BEGIN:VCALEN\u0000DAR',
      `${replyCalendar(reply)}${'x'.repeat(300_000)}`,
    ]) {
      expect(readSchedulingMessage(text)).toEqual({ kind: 'unreadable', reason: 'calendar_unreadable' });
    }
    expect(read({ uid: ' ' })).toMatchObject({ kind: 'unreadable' });
  });

  it('that is nested deep is read in bounded time', () => {
    const text = `METHOD:REPLY\n${'BEGIN:VEVENT\nUID:a\n'.repeat(8_000)}`;
    const started = performance.now();
    readSchedulingMessage(`BEGIN:VCALENDAR\n${text}`);
    readSchedulingMessage(`BEGIN:VCALENDAR\nMETHOD:REPLY\n${'BEGIN:X\n'.repeat(20_000)}`);
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});
