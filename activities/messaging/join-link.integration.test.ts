/** Join links in notices and in calendar events. */
import { describe, expect, it } from 'vitest';
import { ada, noticeFacts, slot, useActivityHarness } from '../../tests/harness/activity-harness.ts';

const benchFor = useActivityHarness();

const calendar = { provider: 'google', connection: 'conn_1', calendarId: 'primary' } as const;

const setup = async () => {
  const bench = await benchFor();
  const recipient = { ...ada, email: `${bench.auditionId}@example.com`, locale: 'fr' };
  const audition = { ...noticeFacts, joinLink: true } as const;
  const notify = (step: string, notice: 'invitation' | 'reminder', channel: 'email' | 'sms' = 'email') =>
    bench.activities.sendNotice({
      ...bench.about,
      key: bench.key(step),
      channel,
      notice,
      recipient,
      audition,
    });
  const links = async () => {
    const listed = await bench.repositories.joinLinks.list('org_1', bench.auditionId);
    return listed.map(({ id, participant }) => ({ id, participant, url: `${bench.publicUrl}/j/${id}` }));
  };
  return { ...bench, recipient, audition, notify, links };
};

describe('a notice of an audition with join links', () => {
  it("states its recipient's own link, the same in each notice, also in the attached invitation", async () => {
    const { notify, links, inboxOf, recipient } = await setup();
    await notify('invitation:r1', 'invitation');
    await notify('reminder:r1', 'reminder');
    const [link, ...others] = await links();
    expect([link?.participant, others]).toEqual(['ada', []]);
    const mails = await inboxOf(recipient.email);
    expect(mails).toHaveLength(2);
    for (const mail of mails) expect(JSON.stringify(mail)).toContain(link?.url);
  });

  it('states no join link when it is a cancellation: the id can be that of another person by now', async () => {
    const { notify, activities, about, key, recipient, audition, links, inboxOf } = await setup();
    await notify('invitation:r1', 'invitation');
    await activities.retractNotice({
      ...about,
      key: key('cancellation:r1'),
      channel: 'email',
      recipient,
      audition,
      sentAs: [key('invitation:r1')],
    });
    const [link] = await links();
    const cancellation = (await inboxOf(recipient.email)).at(-1);
    expect(cancellation?.subject).not.toBe((await inboxOf(recipient.email))[0]?.subject);
    expect(JSON.stringify(cancellation)).not.toContain(link?.url);
  });

  it('states the answer page of this person only', async () => {
    const { activities, about, key, recipient, audition, inboxOf, repositories, auditionId } = await setup();
    const invite = (step: string, more: object) =>
      activities.sendNotice({
        ...about,
        key: key(step),
        channel: 'email',
        notice: 'invitation',
        recipient,
        audition,
        ...more,
      });
    await invite('invitation:r1', { generation: 7 });
    const [id = ''] = /(?<=\/r\/)\w+/.exec((await inboxOf(recipient.email))[0]?.text ?? '') ?? [];
    expect(await repositories.responseLinks.find(id)).toMatchObject({
      invitation: { auditionId, participant: 'ada', revision: 1, generation: 7 },
      locale: 'fr',
    });
  });

  it('states the link in the text message of a reminder', async () => {
    const { notify, links, state } = await setup();
    await notify('reminder:r1', 'reminder', 'sms');
    const [link] = await links();
    expect(state().twilio.messages.map(({ body }) => body)).toEqual([
      expect.stringContaining(`Rejoindre : ${link?.url}`),
    ]);
  });
});

describe('the calendar event of an audition with join links', () => {
  it('states the link of the audition, not that of a participant', async () => {
    const { activities, about, key, links, state } = await setup();
    await activities.writeEvent({
      ...about,
      key: key('event:ada:r1'),
      participant: ada.id,
      calendar,
      content: { slot, revision: 1, summary: 'Captain', description: 'Bring the sides', joinLink: true },
    });
    const [link, ...others] = await links();
    expect([link?.participant, others]).toEqual([undefined, []]);
    const events = state()
      .google.calendars.flatMap((one) => one.events)
      .filter(({ status }) => status !== 'cancelled');
    expect(events).toMatchObject([{ description: `${link?.url}\n\nBring the sides`, location: link?.url }]);
  });
});
