import { SegmentedMessage } from 'sms-segments-calculator';
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
const connected = { provider: 'google', connection: 'conn_1', calendarId: 'primary' } as const;
const link = 'https://castmatch.example/r/7uTnE4RkQ1vZb9XyW';

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
        /Heure sur place\u00a0: mardi 1 décembre 2026 à 10:00 UTC\+1, jusqu’à 10:30 UTC\+1 \(Europe\/Paris\)/,
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

  it.each([
    [
      'connected',
      { calendar: connected },
      'In your connected calendar: Captain, Nightfall',
      /removes the earlier/,
    ],
    ['not connected', {}, 'Calendar entry: Captain, Nightfall', /contains the entry for your calendar/],
  ] as const)('about an entry that moves says where it is: %s', (_, recipient, subject, lead) => {
    const update = emailOf({ recipient, audition: { changed: 'calendar' } }, 'update');
    expect(update.subject).toBe(subject);
    expect(update.text).toMatch(lead);
    expect(update.text).toContain('takes place as planned');
    const french = { recipient: { ...recipient, locale: 'fr' }, audition: { changed: 'calendar' } } as const;
    expect(emailOf(french, 'update').text).toContain('L’audition a lieu comme prévu.');
  });

  it('is French for French locales, and English for all others', () => {
    const french = emailOf({ recipient: { locale: 'fr-FR' } });
    expect(french.subject).toBe('Invitation\u00a0: Captain, Nightfall');
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

  it.each([
    ['fa-IR', 'Tuesday 1 December 2026 at 10:00'],
    ['th-TH', 'Tuesday 1 December 2026 at 10:00'],
    ['ar-EG', 'Tuesday 1 December 2026 at 10:00'],
    ['en', 'Tuesday 1 December 2026 at 10:00'],
    ['en-US', 'Tuesday, December 1, 2026 at 10:00'],
    ['fr-CA', 'mardi 1 décembre 2026 à 10'],
  ])('in %s is in one language, with the digits and the calendar of that language', (locale, time) => {
    const { text } = emailOf({ recipient: { locale } });
    expect(text.replaceAll(/(?<=\w),? (?=\d)/g, ' ')).toContain(time.replaceAll(/(?<=\w),? (?=\d)/g, ' '));
    expect(text).not.toMatch(/[\p{Nd}--[0-9]]/v);
  });

  it('fits the width of a phone, and has a button', () => {
    const { html } = emailOf();
    expect(html).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">');
    expect(html).toMatch(new RegExp(`<a href="${link}" style="[^"]*padding[^"]*">Answer</a>`));
  });

  // The style of a table does not reach its cells.
  it('has each label beside the first line of its value', () => {
    const { html } = emailOf({ audition: { joinUrl: 'https://meet.example/abc', notes: 'Bring a photo' } });
    expect(new Set(html.match(/<tr[^>]*>/g))).toEqual(new Set(['<tr valign="top">']));
  });

  it('in French has a no-break space before a colon', () => {
    for (const kind of noticeKinds) {
      const { subject, text } = emailOf({ recipient: { locale: 'fr' }, audition: { reason: 'Pluie' } }, kind);
      expect(`${subject}\n${text}`).not.toMatch(/ [:;!?](?:\s|$)/);
      expect(text).not.toMatch(/\p{L}:(?:\s|$)/u);
    }
  });

  it('puts the notes on a line of their own in plain text', () => {
    expect(emailOf({ audition: { notes: 'Bring the sides' } }).text).toContain('Notes:\nBring the sides');
  });

  it('has a button for the join link', () => {
    const { html } = emailOf({ audition: { joinUrl: 'https://castmatch.example/j/abc' } });
    expect(html).toMatch(
      /<a href="https:\/\/castmatch\.example\/j\/abc" style="display: inline-block[^>]*>Join<\/a>/,
    );
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
    expect(french.text).toContain('Par téléphone\u00a0: +33 1 23 45 67 89, code <4711>');
  });

  it('says in a text message how the audition takes place', () => {
    const text = renderTextMessage(
      { kind: 'update', recipient: ada, audition: { ...facts, ...audition }, link },
      'ref-1',
    );
    expect(text).toContain('+33 1 23 45 67 89, code <4711>, Studio 2');
  });
});

describe('a notice of another meeting', () => {
  const joinUrl = 'https://castmatch.example/j/abc';
  const audition = { changed: 'meeting', meetingProvider: 'google_meet', joinUrl, joinLink: true } as const;

  it('names the provider in an email, and says that the link stays', () => {
    const english = emailOf({ audition }, 'update');
    expect(english.subject).toBe('Other video meeting on Google Meet: Captain, Nightfall');
    expect(english.text).toContain('now takes place in another video meeting on Google Meet. Your link');
    expect(english.text).toContain(joinUrl);
    const french = emailOf({ recipient: { locale: 'fr' }, audition }, 'update');
    expect(french.text).toContain('dans une autre réunion vidéo sur Google Meet');
  });

  it('names no provider when a person has created the meeting', () => {
    const { subject } = emailOf({ audition: { ...audition, meetingProvider: undefined } }, 'update');
    expect(subject).toBe('Other video meeting: Captain, Nightfall');
  });

  it('states the link in a text message', () => {
    const text = renderTextMessage(
      { kind: 'update', recipient: ada, audition: { ...facts, ...audition }, link },
      'ref-1',
    );
    expect(text).toMatch(
      /^Other video meeting, same link: Captain, Nightfall\. .*https:\/\/castmatch.example\/j\/abc/,
    );
  });
});

describe('a rendered text message', () => {
  it('is one line with role, time, link and reference', () => {
    expect(message('en-GB')).toMatch(
      /^Audition: Captain, Nightfall\. Tue,? 1 Dec, 10:00 CET\. Answer: \S+\/r\/\w{17} Ref ABC234$/,
    );
    expect(message('en-GB', 'cancellation')).toMatch(
      /^Cancelled: Captain, Nightfall\. Tue,? 1 Dec, 10:00 CET\. Ref ABC234$/,
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
      expect(textOf(kind)).toMatch(/Tue,? 1 Dec, 04:00 GMT-5 \(at the place: Tue,? 1 Dec, 10:00 CET\)\./);
    }
    expect(textOf('reminder', facts, 'fr')).toMatch(/\(sur place : mar\. 1 déc\., 10:00 UTC\+1\)\./);
    expect(textOf('invitation', { ...facts, joinUrl: 'https://zoom.example/j/1' })).not.toContain('place');
  });

  it.each(['en', 'en-US', 'fr'])('in %s uses only GSM-7 characters, which halve its price', (locale) => {
    for (const kind of noticeKinds) expect(message(locale, kind)).toMatch(/^[ -_a-zàèéùìò]*$/);
  });

  const ordinary = {
    ...facts,
    project: { ...facts.project, title: 'The Lighthouse Keeper’s Daughter' },
    role: { ...facts.role, name: 'Margaret' },
  };
  const segmentsOf = (locale: string, kind: (typeof noticeKinds)[number], audition: NoticeFacts = ordinary) =>
    new SegmentedMessage(renderTextMessage({ kind, recipient: { ...ada, locale }, audition, link }, 'ABC234'))
      .segmentsCount;

  it.each(['en-GB', 'en-US', 'fr-FR'])('in %s is one segment, with titles of ordinary length', (locale) => {
    for (const kind of noticeKinds) expect([kind, segmentsOf(locale, kind)]).toEqual([kind, 1]);
  });

  it.each(['en-US', 'fr-FR'])('in %s is at most two segments, with a join link or two times', (locale) => {
    const withJoinLink = { ...ordinary, joinLink: true, joinUrl: link.replace('/r/', '/j/') } as const;
    expect(segmentsOf(locale, 'reminder', withJoinLink)).toBeLessThanOrEqual(2);
    const elsewhere = { ...ordinary, slot: { ...facts.slot, zone: 'America/New_York', room: 'Studio 2' } };
    for (const kind of noticeKinds) expect(segmentsOf(locale, kind, elsewhere)).toBeLessThanOrEqual(2);
  });

  const long = {
    ...facts,
    project: {
      ...facts.project,
      title: `L’Été de la Fête – ${'une longue histoire '.repeat(9)}`.slice(0, 200),
    },
    role: { ...facts.role, name: `Le gardien du phare “${'Jean-Baptiste '.repeat(13)}”`.slice(0, 200) },
  };
  const everyNews = [
    undefined,
    'place',
    'link',
    'no_link',
    'meeting',
    'calendar',
    'rejoined',
    'declined',
    'backup',
  ] as const;
  const months = Array.from({ length: 12 }, (_, month) => `2026-${String(month + 1).padStart(2, '0')}-28`);

  it.each(['en-GB', 'en-US', 'fr-FR', 'fr-CA'])(
    'in %s is at most two segments with titles of 200 characters, and contains link and reference',
    (locale) => {
      const more = {
        joinUrl: link.replace('/r/', '/j/'),
        joinLink: true as const,
        backup: { phone: '+33 1 23 45 67 89' },
      };
      const slot = { start: '2026-08-31T09:00:00.000Z', end: '2026-08-31T09:30:00.000Z' } as const;
      const place = { zone: 'America/New_York', room: 'Studio 2' };
      const messages = noticeKinds.flatMap((kind) =>
        everyNews.map((changed) => ({
          kind,
          audition: { ...long, ...more, changed, slot: { ...slot, ...place } },
        })),
      );
      for (const { kind, audition } of messages) {
        const notice = { kind, recipient: { ...ada, locale }, audition, link };
        const text = renderTextMessage(notice, 'ABC234');
        expect(new SegmentedMessage(text).segmentsCount).toBeLessThanOrEqual(2);
        const kept = ['Le gardien', 'ABC234', ...(kind === 'cancellation' ? [] : [link])];
        expect(kept.filter((part) => !text.includes(part))).toEqual([]);
      }
    },
  );

  it('in French has a space before each colon', () => {
    for (const kind of noticeKinds) expect(message('fr', kind)).toMatch(/^[^:]+ : Captain, Nightfall\./);
  });

  it('in French is one segment in each month, with a title that has letters GSM-7 lacks', () => {
    for (const day of months) {
      const slot = { ...facts.slot, start: `${day}T09:00:00.000Z`, end: `${day}T09:30:00.000Z` } as const;
      const audition = { ...facts, slot, project: { ...facts.project, title: 'La Fête du cœur' } };
      expect([day, segmentsOf('fr-FR', 'invitation', audition)]).toEqual([day, 1]);
    }
  });
});
