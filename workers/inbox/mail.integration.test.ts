/** From the inbox to the signal: answers of calendar programs, and all other mail. */
import { describe, expect, it } from 'vitest';
import { invitationUidOf } from '../../domain/audition/invitation-uid.ts';
import { participantIdSchema } from '../../domain/ids.ts';
import {
  factsUntilScheduled,
  newAuditionId,
  storeEvents,
  trail,
} from '../../tests/harness/audition-trail.ts';
import { notStopping, replyAddresses, useInboxRounds } from '../../tests/harness/inbox-rounds.ts';
import { replyCalendar, replyMail } from '../../tests/harness/reply-mail.ts';

const setupRounds = useInboxRounds();

const ada = participantIdSchema.parse('performer-1');
const address = 'Ada@Example.com';

/** Sets up an audition that has moved once, and has sent email to its performer. */
const setup = async (...answer: Parameters<typeof setupRounds>) => {
  const relay = await setupRounds(...answer);
  const id = newAuditionId();
  const facts = [...factsUntilScheduled(id, 'org_north')];
  const slot = {
    start: '2026-12-02T09:00:00.000Z',
    end: '2026-12-02T09:30:00.000Z',
    zone: 'Europe/Paris',
  } as const;
  const first = facts.findIndex(({ type }) => type === 'slot_held') + 1;
  facts.push({ type: 'slot_moved', slot, revision: 2, origin: 'api' });
  await storeEvents(relay.repositories.events, id, trail(facts));
  const recordEmail = () =>
    relay.repositories.noticeDeliveries.put({
      id: `<${id}@castmatch>`,
      organization: 'org_north',
      auditionId: id,
      participant: ada,
      channel: 'email',
      address,
    });
  await recordEmail();
  const close = () =>
    storeEvents(relay.repositories.events, id, trail([...facts, { type: 'cancelled', origin: 'api' }]));
  const organizer = replyAddresses.of({ auditionId: id, participant: ada });
  const reply = {
    uid: invitationUidOf(id),
    organizer,
    attendee: 'ada@example.COM',
    partstat: 'ACCEPTED',
    sequence: facts.length,
  };
  const receive = (message: Buffer, recipients: readonly string[] = []) =>
    relay.receive({
      kind: 'mail.received',
      event: { message: message.toString('base64'), recipients: [...recipients] },
    });
  /** Delivers the mail, and returns its outcome. */
  const outcomeOf = async (message: Buffer, recipients: readonly string[] = []) => {
    await receive(message, recipients);
    await relay.round(notStopping);
    const [row] = (await relay.rows()).slice(-1);
    return `${row?.state} ${row?.reason ?? ''}`.trim();
  };
  const mailWith = (change: Partial<Parameters<typeof replyCalendar>[0]> = {}, to = organizer) =>
    replyMail({ from: 'forged@example.org', to, calendar: replyCalendar({ ...reply, ...change }) });
  return { ...relay, id, first, last: facts.length, organizer, reply, receive, outcomeOf, mailWith, close };
};

describe('a REPLY', () => {
  it('is signaled with the revision that it answers, whatever its From says, and for each of its copies', async () => {
    const { outcomeOf, mailWith, signals, id, first } = await setup();
    expect(await outcomeOf(mailWith())).toBe('delivered');
    expect(await outcomeOf(mailWith({ partstat: 'DECLINED', sequence: first }))).toBe('delivered');
    expect(await outcomeOf(mailWith({ partstat: 'TENTATIVE', sequence: 0 }))).toBe('delivered');
    const report = {
      participant: ada,
      origin: 'email',
      correlationId: 'call-1',
      at: '2026-11-25T09:00:00.000Z',
    };
    expect(signals).toMatchObject([
      { id, about: 'answer', report: { ...report, answer: 'accepted', revision: 2 } },
      { id, about: 'answer', report: { ...report, answer: 'declined', revision: 1 } },
      { id, about: 'answer', report: { ...report, answer: 'tentative', revision: 0 } },
    ]);
  });

  it('without a SEQUENCE is understood by its start', async () => {
    const { outcomeOf, mailWith, signals } = await setup();
    const lines = ['DTSTART;TZID=Europe/Paris:20261202T100000', 'DTEND;TZID=Europe/Paris:20261202T103000'];
    await outcomeOf(mailWith({ sequence: undefined, lines }));
    expect(signals).toMatchObject([{ report: { revision: 2 } }]);
  });

  it('is recognized by the recipient of the envelope or of the mail, or by its organizer', async () => {
    const { outcomeOf, mailWith, signals, organizer } = await setup();
    const elsewhere = 'someone@example.org';
    expect(await outcomeOf(mailWith({ organizer: elsewhere }))).toBe('delivered');
    expect(await outcomeOf(mailWith({ organizer: organizer.toUpperCase() }, elsewhere))).toBe('delivered');
    expect(await outcomeOf(mailWith({ organizer: elsewhere }, elsewhere), [organizer])).toBe('delivered');
    expect(signals).toHaveLength(3);
  });

  it('is settled when the audition has ended', async () => {
    const { outcomeOf, mailWith, close } = await setup(async () => 'not_running');
    await close();
    expect(await outcomeOf(mailWith())).toBe('delivered audition_ended');
  });

  it('is signaled again when the workflow of an open audition was terminated, until it is taken over', async () => {
    let result: 'signaled' | 'not_running' = 'not_running';
    const { outcomeOf, mailWith, signals, rows, round, makeDue } = await setup(async () => result);
    expect(await outcomeOf(mailWith({ partstat: 'DECLINED' }))).toBe('received audition_stopped');
    result = 'signaled';
    await makeDue();
    await round(notStopping);
    expect(await rows()).toMatchObject([{ state: 'delivered', reason: null }]);
    expect(signals).toMatchObject([{ report: { answer: 'declined' } }, { report: { answer: 'declined' } }]);
  });

  it('is parked when no workflow has taken the audition over for a week', async () => {
    const { outcomeOf, mailWith, rows, round, makeDue, pool } = await setup(async () => 'not_running');
    await outcomeOf(mailWith());
    await makeDue();
    await pool.query("UPDATE webhook_inbox SET received_at = received_at - interval '1 hour'");
    await round(notStopping);
    expect(await rows()).toMatchObject([{ state: 'received', inSeconds: 600 }]);
    await makeDue();
    await pool.query("UPDATE webhook_inbox SET received_at = received_at - interval '8 days'");
    await round(notStopping);
    expect(await rows()).toMatchObject([{ state: 'parked', reason: 'audition_stopped' }]);
  });

  it('that arrives before the email is recorded is retried', async () => {
    const { outcomeOf, mailWith, pool, signals } = await setup();
    await pool.query('TRUNCATE deliveries');
    expect(await outcomeOf(mailWith())).toBe('received no_such_invitation');
    expect(signals).toEqual([]);
  });
});

it('a COUNTER is signaled as a proposal, with the time and the answer that it states', async () => {
  const { outcomeOf, mailWith, signals, id } = await setup();
  const lines = ['DTSTART:20261203T090000Z', 'DTEND:20261203T100000Z'];
  expect(await outcomeOf(mailWith({ method: 'COUNTER', partstat: 'DECLINED', lines }))).toBe('delivered');
  expect(signals).toMatchObject([
    {
      id,
      about: 'proposal',
      report: {
        participant: ada,
        answer: 'declined',
        revision: 2,
        slot: { start: '2026-12-03T09:00:00.000Z', end: '2026-12-03T10:00:00.000Z' },
      },
    },
  ]);
});

it('a COUNTER beyond the limits of a slot says which one it exceeds', async () => {
  const { outcomeOf, mailWith, signals } = await setup();
  const counter = (end: string) =>
    outcomeOf(mailWith({ method: 'COUNTER', lines: ['DTSTART:20261203T090000Z', `DTEND:${end}`] }));
  await counter('20261206T090000Z');
  await counter('20261204T090000Z');
  expect(signals).toMatchObject([{ report: { exceeds: 'slot_too_long' } }, { about: 'proposal' }]);
  expect(signals[1]).not.toHaveProperty('report.exceeds');
});

describe('a forged answer', () => {
  it('is parked: without the tag, with the tag of another participant or audition, and with a guessed one', async () => {
    const { outcomeOf, mailWith, signals, id } = await setup();
    const others = [
      'replies@in.example.com',
      'auditions@example.com',
      replyAddresses.of({ auditionId: id, participant: participantIdSchema.parse('reader-1') }),
      replyAddresses.of({ auditionId: newAuditionId(), participant: ada }),
      `replies+${'a'.repeat(26)}@in.example.com`,
    ];
    for (const organizer of others) {
      expect(await outcomeOf(mailWith({ organizer }, organizer))).toBe('parked reply_not_authentic');
    }
    expect(signals).toEqual([]);
  });

  it('of a person who has left is parked when another one has the same id', async () => {
    const { outcomeOf, mailWith, signals, id, repositories, last } = await setup();
    const fact = {
      type: 'participant_added',
      participant: { id: ada, kind: 'performer', zone: 'Europe/Paris', required: true },
      generation: 2,
    } as const;
    await storeEvents(repositories.events, id, trail([fact], { from: last + 1 }));
    expect(await outcomeOf(mailWith())).toBe('parked reply_not_authentic');
    const organizer = replyAddresses.of({ auditionId: id, participant: ada, generation: 2 });
    expect(await outcomeOf(mailWith({ organizer }, organizer))).toBe('delivered');
    expect(signals).toHaveLength(1);
  });

  it('is recognized by the media type when the calendar names no method, and parked without both', async () => {
    const { outcomeOf, mailWith, signals } = await setup();
    const mail = mailWith({ method: '' });
    expect(await outcomeOf(mail)).toBe('delivered');
    const withoutMethod = Buffer.from(mail.toString().replace('; method=REPLY', ''));
    expect(await outcomeOf(withoutMethod)).toBe('parked method_missing');
    expect(signals).toHaveLength(1);
  });

  it('of a person who got the invitation forwarded is parked', async () => {
    const { outcomeOf, mailWith, signals } = await setup();
    expect(await outcomeOf(mailWith({ attendee: 'bea@example.com' }))).toBe('parked other_attendee');
    expect(signals).toEqual([]);
  });
});

describe('mail that is no clear answer', () => {
  it.each([
    ['answer_unclear', { partstat: 'NEEDS-ACTION' }],
    ['answer_unclear', { partstat: 'DELEGATED' }],
    ['answer_to_occurrence', { lines: ['RECURRENCE-ID:20261202T090000Z'] }],
    ['not_our_invitation', { uid: '040000008200E00074C5@outlook' }],
    ['method_not_handled', { method: 'DECLINECOUNTER' }],
    ['method_not_handled', { method: 'REQUEST' }],
    ['calendar_unreadable', { uid: '' }],
  ])('is parked as %s: %j', async (reason, change) => {
    const { outcomeOf, mailWith, signals } = await setup();
    expect(await outcomeOf(mailWith(change))).toBe(`parked ${reason}`);
    expect(signals).toEqual([]);
  });

  it('with two answers is parked, and a text by hand, and what is no mail', async () => {
    const { outcomeOf, reply, organizer, signals } = await setup();
    const [yes, no] = ['ACCEPTED', 'DECLINED'].map((partstat) => replyCalendar({ ...reply, partstat }));
    const both = `${yes}${no}`.replace('END:VCALENDAR\r\nBEGIN:VCALENDAR\r\nVERSION:2.0', 'X-SECOND:1');
    const from = 'ada@example.com';
    const mail = { from, to: organizer };
    expect(await outcomeOf(replyMail({ ...mail, calendar: both }))).toBe('parked several_answers');
    expect(await outcomeOf(replyMail({ ...mail, text: 'Yes!' }))).toBe('parked mail_without_answer');
    expect(await outcomeOf(Buffer.from('\r\nno header'))).toBe('parked mail_unreadable');
    expect(signals).toEqual([]);
  });

  it.each([
    ['automatic_reply', ['Auto-Submitted: auto-replied (vacation)']],
    ['delivery_notification', ['Content-Type: multipart/report; report-type=delivery-status; boundary=part']],
  ])('is settled as %s', async (reason, headers) => {
    const { outcomeOf, organizer, signals } = await setup();
    const mail = replyMail({ from: 'ada@example.com', to: organizer, headers });
    expect(await outcomeOf(mail)).toBe(`delivered ${reason}`);
    expect(signals).toEqual([]);
  });

  it('of a stranger is settled', async () => {
    const { outcomeOf, reply } = await setup();
    const stranger = { from: 'spam@example.org', to: 'replies@in.example.com' };
    expect(await outcomeOf(replyMail(stranger))).toBe('delivered unsolicited');
    const request = replyCalendar({ ...reply, organizer: stranger.from, method: 'REQUEST' });
    expect(await outcomeOf(replyMail({ ...stranger, calendar: request }))).toBe('delivered unsolicited');
  });

  it('of an automatic program that answers for a person still counts', async () => {
    const { outcomeOf, reply, organizer, signals } = await setup();
    const calendar = replyCalendar(reply);
    const headers = ['Auto-Submitted: auto-generated'];
    expect(await outcomeOf(replyMail({ from: address, to: organizer, calendar, headers }))).toBe('delivered');
    expect(signals).toHaveLength(1);
  });
});

it('a subscription that waits for its confirmation is parked', async () => {
  const { round, receive, rows } = await setupRounds();
  await receive({ kind: 'mail.subscription', event: { confirmUrl: 'https://sns.example.com/?Token=t' } });
  await round(notStopping);
  expect(await rows()).toMatchObject([{ state: 'parked', reason: 'confirm_subscription' }]);
});
