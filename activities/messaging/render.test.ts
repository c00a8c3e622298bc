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

describe('a rendered text message', () => {
  it('is one line with role, time, link and reference', () => {
    expect(message('en-GB')).toMatch(
      /^Audition: Captain, Nightfall\. Tue,? 1 Dec 2026, 10:00 CET\. Answer: \S+token Ref ABC234$/,
    );
    expect(message('en-GB', 'cancellation')).toMatch(
      /^Cancelled: Captain, Nightfall\. Tue,? 1 Dec 2026, 10:00 CET\. Ref ABC234$/,
    );
  });

  it.each(['en', 'en-US', 'fr'])('in %s uses only GSM-7 characters, which halve its price', (locale) => {
    for (const kind of noticeKinds) expect(message(locale, kind)).toMatch(/^[ -_a-zàèéùìò]*$/);
  });
});
