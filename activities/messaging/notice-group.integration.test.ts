import { setTimeout as pause } from 'node:timers/promises';
import type { Info } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { MailDev } from 'maildev';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Participant } from '../../domain/audition/request.ts';
import { participantIdSchema } from '../../domain/ids.ts';
import type { EmailMessage, EmailProvider, Providers } from '../../providers/ports.ts';
import { createSmtpClient } from '../../providers/smtp/client.ts';
import { createSmtpEmail } from '../../providers/smtp/email.ts';
import {
  type ActivityHarnessOptions,
  noticeFacts,
  ada as participant,
  useActivityHarness,
} from '../../tests/harness/activity-harness.ts';
import { readMails } from '../../tests/harness/mail-server.ts';
import type { SendNoticeInput, SendNoticesInput, SendNoticesResult } from '../contract.ts';

const benchFor = useActivityHarness();

type Send = (send: EmailProvider['send'], ...args: Parameters<EmailProvider['send']>) => Promise<void>;

/** Interferes with the sending of emails. */
const interfering =
  (interfere: Send) =>
  (providers: Providers): Providers => ({
    ...providers,
    email: {
      ...providers.email,
      send: (...args) => interfere((...same) => providers.email.send(...same), ...args),
    },
  });

const isTo = (message: EmailMessage, { name }: Pick<Participant, 'name'>) => message.to.name === name;

/** Crashes the first attempt at the email to `name`, right after the server has accepted it. */
const crashAfterSendingTo = (name: string) => {
  let hasCrashed = false;
  return interfering(async (send, ...args) => {
    await send(...args);
    if (hasCrashed || !isTo(args[0], { name })) return;
    hasCrashed = true;
    throw new Error('killed');
  });
};

const setup = async (options: ActivityHarnessOptions = {}) => {
  const bench = await benchFor(options);
  const recipientNamed = (name: string): Participant => ({
    ...participant,
    id: participantIdSchema.parse(name.toLowerCase()),
    name,
    email: `${name.toLowerCase()}-${bench.auditionId}@example.com`,
  });
  const [ada, bob, cleo] = [recipientNamed('Ada'), recipientNamed('Bob'), recipientNamed('Cleo')];
  const recipients = [ada, bob, cleo];
  const keyOf = ({ id }: Participant) => bench.key(`invitation:${id}:r1`);
  const common = {
    ...bench.about,
    notice: 'invitation',
    audition: noticeFacts,
  } as const;
  const group = (to: readonly Participant[] = recipients): SendNoticesInput => ({
    ...common,
    notices: to.map((recipient) => ({ key: keyOf(recipient), recipient, channel: 'email' })),
  });
  const alone = (recipient: Participant): SendNoticeInput => ({
    ...common,
    key: keyOf(recipient),
    recipient,
    channel: 'email',
  });
  const inboxOf = async ({ email }: Participant) => (await bench.inboxOf(email ?? '')).length;
  const inboxes = () => Promise.all(recipients.map(inboxOf));
  const notified = async () => {
    const { auditionId, repositories } = bench;
    const events = await repositories.events.read('org_1', auditionId, { after: 0, limit: 100 });
    return events.flatMap(({ fact }) => (fact.type === 'notified' ? [fact.participant] : []));
  };
  /** Starts an activity that the test can cancel. */
  const start = (input: SendNoticesInput, info: Partial<Info> = {}) => {
    const environment = new MockActivityEnvironment(info, { logger: new DefaultLogger('ERROR') });
    const result: Promise<SendNoticesResult> = environment.run(
      (given: SendNoticesInput) => bench.unbound.sendNotices(given),
      input,
    );
    result.catch(() => undefined);
    return { environment, result };
  };
  return { ...bench, ada, bob, cleo, recipients, keyOf, group, alone, inboxes, inboxOf, notified, start };
};

describe('a group of notices by email', () => {
  it('arrives once at each recipient, and is recorded in the trail once', async () => {
    const { activities, group, recipients, keyOf, inboxes, notified, repositories, auditionId } =
      await setup();
    const result = await activities.sendNotices(group());
    expect(result.sent.map(({ key }) => key)).toEqual(recipients.map(keyOf));
    expect(result.failed).toEqual([]);
    await vi.waitFor(async () => expect(await inboxes()).toEqual([1, 1, 1]));
    expect((await notified()).toSorted()).toEqual(['ada', 'bob', 'cleo']);
    for (const { deliveryId } of result.sent) {
      expect(await repositories.noticeDeliveries.find(deliveryId)).toMatchObject({
        auditionId,
        status: 'queued',
      });
    }

    expect(await activities.sendNotices(group())).toEqual(result);
    expect(await inboxes()).toEqual([1, 1, 1]);
    expect(await notified()).toHaveLength(3);
  });

  it('states in the trail what an update told, and the number of the address', async () => {
    const { activities, group, ada, repositories, auditionId } = await setup();
    const { notices, ...common } = group([ada]);
    await activities.sendNotices({
      ...common,
      notice: 'update',
      audition: { ...noticeFacts, changed: 'link' },
      notices: notices.map((notice) => ({ ...notice, addressNumber: 2 })),
    });
    const events = await repositories.events.read('org_1', auditionId, { after: 0, limit: 100 });
    expect(events.at(-1)?.fact).toMatchObject({ type: 'notified', changed: 'link', addressNumber: 2 });
  });

  it('returns the failure of one notice and sends the others', async () => {
    const { activities, group, ada, bob, cleo, keyOf, inboxes, notified } = await setup();
    const result = await activities.sendNotices(group([ada, { ...bob, email: undefined }, cleo]));
    expect(result.sent.map(({ key }) => key)).toEqual([keyOf(ada), keyOf(cleo)]);
    expect(result.failed).toEqual([
      { key: keyOf(bob), failure: { code: 'rejected_input', provider: 'smtp' } },
    ]);
    await vi.waitFor(async () => expect(await inboxes()).toEqual([1, 0, 1]));
    expect((await notified()).toSorted()).toEqual(['ada', 'cleo']);
  });

  it('names an address outside ASCII that the mail server does not take, and sends the others', async () => {
    const server = new MailDev({
      smtp: 0,
      web: 0,
      ip: '127.0.0.1',
      webIp: '127.0.0.1',
      silent: true,
      hideExtensions: ['SMTPUTF8'],
    });
    onTestFinished(() => server.stop());
    const { smtp, api } = await server.start();
    const from = 'CastMatch <casting@castmatch.test>';
    const client = createSmtpClient({ url: `smtp://127.0.0.1:${smtp.getPort()}`, requireTls: false, from });
    onTestFinished(() => client.close());
    const { activities, group, alone, ada, bob, keyOf } = await setup({
      wrapProviders: (providers) => ({ ...providers, email: createSmtpEmail(client, from, undefined) }),
    });
    const josé = { ...bob, email: 'josé@example.com' };
    const result = await activities.sendNotices(group([ada, josé]));
    expect(result.sent.map(({ key }) => key)).toEqual([keyOf(ada)]);
    expect(result.failed).toEqual([
      { key: keyOf(josé), failure: { code: 'address_not_supported', provider: 'smtp' } },
    ]);
    await expect(activities.sendNotice(alone(josé))).rejects.toMatchObject({
      type: 'address_not_supported',
      nonRetryable: true,
    });
    const mails = await readMails(`http://127.0.0.1:${api?.getPort()}/api`);
    expect(mails.flatMap(({ to }) => to)).toEqual([expect.objectContaining({ address: ada.email })]);
  });

  it('sends each notice once when the worker crashes in the middle', async () => {
    const { activities, group, alone, recipients, bob, keyOf, inboxes, notified, timePasses } = await setup({
      wrapProviders: crashAfterSendingTo('Bob'),
    });
    const result = await activities.sendNotices(group());
    expect(result.failed).toEqual([{ key: keyOf(bob), failure: { code: 'unexpected' } }]);
    await timePasses();
    expect((await activities.sendNotices(group())).failed).toEqual([]);
    for (const recipient of recipients) await activities.sendNotice(alone(recipient));
    await vi.waitFor(async () => expect(await inboxes()).toEqual([1, 1, 1]));
    expect((await notified()).toSorted()).toEqual(['ada', 'bob', 'cleo']);
  });

  it('records a notice that an earlier attempt sent and did not record', async () => {
    const { activities, group, alone, ada, inboxes, notified } = await setup();
    await activities.sendNotice(alone(ada));
    expect(await notified()).toEqual([]);
    await activities.sendNotices(group());
    await vi.waitFor(async () => expect(await inboxes()).toEqual([1, 1, 1]));
    expect((await notified()).toSorted()).toEqual(['ada', 'bob', 'cleo']);
  });

  it('leaves the question about a doubtful email to its own attempt, and never sends it twice', async () => {
    const { activities, retriedByOperator, group, alone, bob, keyOf, inboxOf, timePasses, start } =
      await setup({ journal: false, wrapProviders: crashAfterSendingTo('Bob') });
    await activities.sendNotices(group());
    await timePasses();
    const doubtful = { key: keyOf(bob), failure: { code: 'outcome_unknown', provider: 'smtp' } };
    const asGroup = async (activityId: string) => (await start(group(), { activityId }).result).failed;
    // However often the group runs, and as whichever execution: it neither asks nor sends.
    expect(await asGroup('group 1')).toEqual([doubtful]);
    expect(await asGroup('group 2')).toEqual([doubtful]);

    const unknown = { type: 'outcome_unknown', nonRetryable: true };
    await expect(activities.sendNotice(alone(bob))).rejects.toMatchObject(unknown);
    // The attempt alone has asked. A late group must not take this for the decision of the operator.
    expect(await asGroup('group 3')).toEqual([doubtful]);
    await expect(activities.sendNotice(alone(bob))).rejects.toMatchObject(unknown);
    expect(await inboxOf(bob)).toBe(1);

    await retriedByOperator.sendNotice(alone(bob));
    await vi.waitFor(async () => expect(await inboxOf(bob)).toBe(2));
    expect(await asGroup('group 4')).toEqual([]);
    expect(await inboxOf(bob)).toBe(2);
  });

  it('ends as cancelled, records what was sent, and sends nothing after the cancellation', async () => {
    const released = Promise.withResolvers<void>();
    const { activities, group, inboxes, notified, start, bob, alone } = await setup({
      wrapProviders: interfering(async (send, message, beforeHandover, call) => {
        // The mail server is slow to accept the other messages.
        if (!isTo(message, { name: 'Ada' })) await released.promise;
        await send(message, beforeHandover, call);
      }),
    });
    const { environment, result } = start(group());
    await vi.waitFor(async () => expect(await inboxes()).toEqual([1, 0, 0]));
    environment.cancel('CANCELLED');
    await pause(50);
    released.resolve();
    await expect(result).rejects.toMatchObject({ name: 'CancelledFailure' });
    expect(await inboxes()).toEqual([1, 0, 0]);
    expect(await notified()).toEqual(['ada']);

    // No lease is left behind: the notices can be sent, or retracted, immediately.
    await activities.sendNotice(alone(bob));
    await vi.waitFor(async () => expect(await inboxes()).toEqual([1, 1, 0]));
  });

  it('sends heartbeats while it waits for the mail server', async () => {
    const released = Promise.withResolvers<void>();
    const { group, start } = await setup({
      wrapProviders: interfering(async (send, ...args) => {
        await released.promise;
        await send(...args);
      }),
    });
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const beats: unknown[] = [];
    const { environment, result } = start(group());
    environment.on('heartbeat', (details: unknown) => beats.push(details));
    await vi.advanceTimersByTimeAsync(11_000);
    expect(beats).toHaveLength(2);
    released.resolve();
    expect((await result).failed).toEqual([]);
  });
});

describe('a group of notices on both channels', () => {
  it('is sent once on each channel, and the failure of one channel leaves the other alone', async () => {
    const { activities, group, ada, keyOf, key, inboxes, notified, state, fault } = await setup();
    const recipient = { ...ada, phone: '+33612345673' };
    const text = { key: key('invitation:ada:sms:r1'), recipient, channel: 'sms' } as const;
    const both = { ...group([ada]), notices: [...group([ada]).notices, text] };
    fault('twilio', { kind: 'outage', operation: 'messages.create', times: 1 });
    const failed = [{ key: text.key, failure: { code: 'outage', provider: 'twilio' } }];
    expect(await activities.sendNotices(both)).toMatchObject({ sent: [{ key: keyOf(ada) }], failed });
    expect(await activities.sendNotices(both)).toMatchObject({ sent: [{}, {}], failed: [] });
    await activities.sendNotices(both);
    await vi.waitFor(async () => expect(await inboxes()).toEqual([1, 0, 0]));
    expect(state().twilio.messages).toHaveLength(1);
    expect(await notified()).toEqual(['ada', 'ada']);
  });
});

describe('a group of notices by SMS', () => {
  it('is sent once to each recipient', async () => {
    const { activities, about, key, state } = await setup();
    const input: SendNoticesInput = {
      ...about,
      notice: 'reminder',
      audition: noticeFacts,
      notices: ['+33612345671', '+33612345672'].map((phone, index) => ({
        key: key(`reminder:${index}`),
        channel: 'sms',
        recipient: { ...participant, id: participantIdSchema.parse(`p-${index}`), phone },
      })),
    };
    const result = await activities.sendNotices(input);
    expect(result).toMatchObject({ sent: [{}, {}], failed: [] });
    await activities.sendNotices(input);
    expect(
      state()
        .twilio.messages.map(({ to }) => to)
        .toSorted(),
    ).toEqual(['+33612345671', '+33612345672']);
  });
});
