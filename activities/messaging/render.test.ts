import { describe, expect, it } from 'vitest';
import { noticeKinds } from '../../domain/audition/events.ts';
import { type Participant, participantSchema } from '../../domain/audition/request.ts';
import { projectIdSchema, roleIdSchema } from '../../domain/ids.ts';
import type { NoticeFacts } from '../contract.ts';
import { renderEmail, renderTextMessage } from './render.ts';

const ada = participantSchema.parse({
  id: 'ada',
  kind: 'performer',
  name: 'Ada',
  email: 'ada@example.com',
  phone: '+33612345678',
  zone: 'Europe/Paris',
  locale: 'en-GB',
  channels: ['email', 'sms'],
});

const facts: NoticeFacts = {
  project: { id: projectIdSchema.parse('prj'), title: 'Nightfall' },
  role: { id: roleIdSchema.parse('role'), name: 'Captain' },
  round: 'first',
  slot: { start: '2026-12-01T09:00:00.000Z', end: '2026-12-01T09:30:00.000Z', zone: 'Europe/Paris' },
  revision: 1,
};
const link = 'https://castmatch.example/respond/token';

const emailOf = (
  changes: { readonly recipient?: Partial<Participant>; readonly audition?: Partial<NoticeFacts> } = {},
  kind: (typeof noticeKinds)[number] = 'invitation',
) =>
  renderEmail({
    kind,
    recipient: { ...ada, ...changes.recipient },
    audition: { ...facts, ...changes.audition },
    link,
  });

const startingAt = (start: NoticeFacts['slot']['start'], locale = 'en-GB') =>
  emailOf({ recipient: { locale }, audition: { slot: { ...facts.slot, start } } }).text;

const slotAt = (start: NoticeFacts['slot']['start'], end: NoticeFacts['slot']['end']) => ({
  audition: { slot: { ...facts.slot, start, end, room: 'Studio A' } },
});

const message = (locale: string, kind: (typeof noticeKinds)[number] = 'invitation') =>
  renderTextMessage({ kind, recipient: { ...ada, locale }, audition: facts, link }, 'ABC234');

/** The patterns allow commas to vary, since they change between ICU versions. */
describe('a rendered email', () => {
  it.each(noticeKinds)('of kind %s names role and project in subject, text and HTML', (kind) => {
    const { subject, text, html } = emailOf({}, kind);
    for (const part of [subject, text, html]) expect(part).toMatch(/Captain.*Nightfall/);
    expect(text).not.toMatch(/undefined|<|&/);
    expect(html).not.toContain('undefined');
  });

  it('contains the time in the time zone of the recipient', () => {
    expect(emailOf().text).toMatch(/Tuesday,? 1 December 2026 at 10:00 CET, until 10:30 CET/);
    const newYork = emailOf({ recipient: { zone: 'America/New_York' } });
    expect(newYork.text).toMatch(/Tuesday,? 1 December 2026 at 04:00 GMT-5/);
    expect(newYork.text).toContain('Time zone: America/New_York');
  });

  describe('of an audition in person', () => {
    const inNewYork = { zone: 'America/New_York' };
    const inJohannesburg = { zone: 'Africa/Johannesburg' };
    const winter = slotAt('2026-12-01T09:00:00.000Z', '2026-12-01T09:30:00.000Z');
    const summer = slotAt('2026-07-01T09:00:00.000Z', '2026-07-01T09:30:00.000Z');

    it('also contains both times when it has a video link as well', () => {
      const { audition } = winter;
      const { text } = emailOf({
        recipient: inNewYork,
        audition: { ...audition, joinUrl: 'https://zoom.example/j/1' },
      });
      expect(text).toContain('Time at the place: Tuesday');
    });

    it('contains both times in the cancellation', () => {
      const { text, html } = emailOf({ recipient: inNewYork, ...winter }, 'cancellation');
      for (const part of [text, html]) {
        expect(part).toMatch(/04:00 GMT-5/);
        expect(part).toMatch(/Time at the place.*10:00 CET.*\(Europe\/Paris\)/);
      }
    });

    it.each(['invitation', 'update', 'reminder'] as const)(
      '(%s) contains the time at the place and the time of a recipient in another zone',
      (kind) => {
        const { text, html } = emailOf({ recipient: inNewYork, ...winter }, kind);
        expect(text).toMatch(/When: Tuesday,? 1 December 2026 at 04:00 GMT-5, until 04:30 GMT-5/);
        expect(text).toMatch(
          /Time at the place: Tuesday,? 1 December 2026 at 10:00 CET, until 10:30 CET \(Europe\/Paris\)/,
        );
        expect(html).toMatch(/Time at the place.*10:00 CET.*until 10:30 CET \(Europe\/Paris\)/);
        expect(text).not.toContain('undefined');
      },
    );

    it('contains one time when both zones have the same time', () => {
      expect(emailOf(winter).text).not.toContain('at the place');
      expect(emailOf({ recipient: inJohannesburg, ...summer }).text).not.toContain('at the place');
      expect(emailOf({ recipient: inJohannesburg, ...winter }).text).toContain('at the place');
    });

    it('contains one time when it takes place by video', () => {
      const { text } = emailOf({
        recipient: inNewYork,
        audition: { joinUrl: 'https://zoom.example/j/1' },
      });
      expect(text).not.toContain('at the place');
    });

    it('is correct in the DST gap and in both halves of the overlap of the place', () => {
      const gap = slotAt('2026-03-29T00:30:00.000Z', '2026-03-29T01:30:00.000Z');
      // The clocks differ at the start only.
      expect(emailOf({ recipient: inJohannesburg, ...gap }).text).toMatch(
        /Time at the place: Sunday,? 29 March 2026 at 01:30 CET, until 03:30 CEST/,
      );
      const firstHalf = slotAt('2026-10-25T00:30:00.000Z', '2026-10-25T01:00:00.000Z');
      const secondHalf = slotAt('2026-10-25T01:30:00.000Z', '2026-10-25T02:00:00.000Z');
      expect(emailOf({ recipient: inNewYork, ...firstHalf }).text).toMatch(
        /at the place: Sunday,? 25 October 2026 at 02:30 CEST, until 02:00 CET/,
      );
      expect(emailOf({ recipient: inNewYork, ...secondHalf }).text).toMatch(
        /When: Saturday,? 24 October 2026 at 21:30 GMT-4[^]*at the place: Sunday,? 25 October 2026 at 02:30 CET/,
      );
    });

    it('is translated', () => {
      const { text } = emailOf({ recipient: { ...inNewYork, locale: 'fr' }, ...winter });
      expect(text).toMatch(
        /Heure sur place: mardi 1 décembre 2026 à 10:00 UTC\+1, jusqu’à 10:30 UTC\+1 \(Europe\/Paris\)/,
      );
    });
  });

  it.each([
    ['place', 'New place: Captain, Nightfall', 'has a new place'],
    ['link', 'New video link: Captain, Nightfall', 'has a new video link'],
    ['no_link', 'Video link no longer valid: Captain, Nightfall', 'is no longer valid'],
  ] as const)('about a new %s says that the time is the same', (changed, subject, lead) => {
    const update = emailOf({ audition: { changed } }, 'update');
    expect(update.subject).toBe(subject);
    for (const part of [update.text, update.html]) {
      expect(part).toContain(lead);
      expect(part).toContain('The time is the same.');
      expect(part).not.toContain('new time');
    }
    const french = emailOf({ recipient: { locale: 'fr' }, audition: { changed } }, 'update');
    expect(french.text).toContain('L’horaire reste le même.');
    expect(emailOf({ audition: { changed } }, 'reminder').text).not.toContain('The time is the same.');
  });

  it('is French for French locales, and English for all others', () => {
    const french = emailOf({ recipient: { locale: 'fr-FR' } });
    expect(french.subject).toBe('Invitation : Captain, Nightfall');
    expect(french.text).toContain('Bonjour Ada,');
    expect(french.text).toContain('mardi 1 décembre 2026 à 10:00 UTC+1');
    expect(french.html).toContain('<html lang="fr">');
    expect(emailOf({ recipient: { locale: 'fi' } }).text).toContain('Hello Ada,');
  });

  it('distinguishes the two halves of a DST overlap, and is correct on both sides of a gap', () => {
    expect(startingAt('2026-10-25T00:30:00.000Z')).toMatch(/Sunday,? 25 October 2026 at 02:30 CEST/);
    expect(startingAt('2026-10-25T01:30:00.000Z')).toMatch(/Sunday,? 25 October 2026 at 02:30 CET/);
    expect(startingAt('2026-10-25T01:30:00.000Z', 'fr')).toContain('dimanche 25 octobre 2026 à 02:30 UTC+1');
    expect(startingAt('2026-03-29T00:59:00.000Z')).toMatch(/Sunday,? 29 March 2026 at 01:59 CET/);
    expect(startingAt('2026-03-29T01:00:00.000Z')).toMatch(/Sunday,? 29 March 2026 at 03:00 CEST/);
  });

  it('escapes texts entered by users in HTML, and leaves them unchanged in plain text', () => {
    const { html, text, subject } = emailOf({
      recipient: { name: '<img src=x onerror=alert(1)>' },
      audition: {
        project: { ...facts.project, title: 'Me & "You"' },
        notes: '</td><script>alert(1)</script>',
        joinUrl: 'https://zoom.example/j/1?a=b&c="><script>',
      },
    });
    expect(html).not.toMatch(/<script>|<img/);
    expect(html).toContain('Me &amp; &quot;You&quot;');
    expect(text).toContain('<img src=x onerror=alert(1)>');
    expect(subject).toContain('Me & "You"');
  });

  it('has no line break in the subject', () => {
    const { subject } = emailOf({
      audition: { role: { ...facts.role, name: 'Captain\r\nBcc: all@example.com' } },
    });
    expect(subject).toBe('Invitation: Captain Bcc: all@example.com, Nightfall');
  });

  it('contains room, join link, notes and reason only when they are set', () => {
    const slot = { ...facts.slot, room: 'Studio 2' };
    const audition = { slot, joinUrl: 'https://zoom.example/j/1', notes: 'Bring the sides', reason: 'Rain' };
    const { text } = emailOf({ audition }, 'update');
    for (const detail of ['Where: Studio 2', 'https://zoom.example/j/1', 'Bring the sides', 'Reason: Rain']) {
      expect(text).toContain(detail);
    }
    expect(emailOf({}, 'update').text).not.toMatch(/Where|Join|Notes|Reason/);
  });

  it('contains the response link, except in a cancellation', () => {
    for (const kind of ['invitation', 'update', 'reminder'] as const) {
      expect(emailOf({}, kind).text).toContain(link);
      expect(emailOf({}, kind).html).toContain(`href="${link}"`);
    }
    expect(emailOf({}, 'cancellation').text).not.toContain(link);
    expect(emailOf({}, 'cancellation').html).not.toContain(link);
  });

  it('invites the performer to audition, and asks other participants to attend', () => {
    expect(emailOf().text).toContain('You are invited to audition');
    expect(emailOf({ recipient: { kind: 'reader' } }).text).toContain('You are asked to be at an audition');
  });
});

describe('a notice that there is no meeting', () => {
  const backup = { phone: '+33 1 23 45 67 89, code <4711>', place: 'Studio 2' };
  const audition = { changed: 'backup', backup } as const;

  it('says in an email how the audition takes place, in the language of the recipient', () => {
    const english = emailOf({ audition }, 'update');
    expect(english.subject).toBe('No video, please read: Captain, Nightfall');
    expect(english.text).toContain('Dial in: +33 1 23 45 67 89, code <4711>');
    expect(english.text).toContain('Come to: Studio 2');
    expect(english.html).toContain('code &lt;4711&gt;');
    const french = emailOf({ recipient: { locale: 'fr' }, audition }, 'update');
    expect(french.text).toContain('Par téléphone: +33 1 23 45 67 89, code <4711>');
  });

  it('says in a text message how the audition takes place', () => {
    const text = renderTextMessage(
      { kind: 'update', recipient: ada, audition: { ...facts, ...audition }, link },
      'ref-1',
    );
    expect(text).toContain('+33 1 23 45 67 89, code <4711>, Studio 2');
  });
});

describe('a rendered text message', () => {
  it('is one line with role, time, link and reference', () => {
    expect(message('en-GB')).toMatch(
      /^Audition: Captain, Nightfall\. Tue,? 1 Dec 2026, 10:00 CET\. Answer: \S+token Ref ABC234$/,
    );
    expect(message('en-GB', 'cancellation')).toMatch(
      /^Cancelled: Captain, Nightfall\. Tue,? 1 Dec 2026, 10:00 CET\. Ref ABC234$/,
    );
  });

  it('contains the place or the video link when that is the news', () => {
    const textOf = (audition: Partial<NoticeFacts>) =>
      renderTextMessage(
        { kind: 'update', recipient: ada, audition: { ...facts, ...audition }, link },
        'ABC234',
      );
    const joinUrl = 'https://zoom.example/j/1';
    expect(textOf({ changed: 'place', slot: { ...facts.slot, room: 'Studio B' } })).toMatch(
      /^New place: Captain, Nightfall\. .* CET\. Studio B Answer: /,
    );
    expect(textOf({ changed: 'link', joinUrl })).toContain(` CET. ${joinUrl} Answer: `);
    expect(textOf({ joinUrl })).not.toContain(joinUrl);
  });

  it('contains the time at the place for a recipient in another zone, unless it is by video', () => {
    const recipient = { ...ada, zone: 'America/New_York' };
    const textOf = (kind: (typeof noticeKinds)[number], audition: NoticeFacts = facts, locale = 'en-GB') =>
      renderTextMessage({ kind, recipient: { ...recipient, locale }, audition, link }, 'ABC234');
    for (const kind of ['invitation', 'update', 'reminder'] as const) {
      expect(textOf(kind)).toMatch(
        /Tue,? 1 Dec 2026, 04:00 GMT-5 \(at the place: Tue,? 1 Dec 2026, 10:00 CET\)\./,
      );
    }
    expect(textOf('reminder', facts, 'fr')).toMatch(/\(sur place : mar\. 1 déc\. 2026, 10:00 UTC\+1\)\./);
    expect(textOf('invitation', { ...facts, joinUrl: 'https://zoom.example/j/1' })).not.toContain('place');
  });

  it.each(['en', 'en-US', 'fr'])('in %s uses only GSM-7 characters, which halve its price', (locale) => {
    for (const kind of noticeKinds) expect(message(locale, kind)).toMatch(/^[ -_a-zàèéùìò]*$/);
  });
});
