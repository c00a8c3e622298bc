import { describe, expect, it } from 'vitest';
import { participantIdSchema } from '../../domain/ids.ts';
import {
  factsUntilScheduled,
  newAuditionId,
  storeEvents,
  trail,
} from '../../tests/harness/audition-trail.ts';
import { notStopping, ofAda, statusReport, useInboxRounds } from '../../tests/harness/inbox-rounds.ts';

const setup = useInboxRounds();

/** The service's record of the message, for reports that do not name their audition. */
const sentToBob = {
  id: 'SM1',
  organization: 'org_north',
  auditionId: 'aud_2',
  participant: 'bob',
  channel: 'sms',
} as const;

describe('a delivery report', () => {
  it('is signaled to the audition that it names, with its inbox id', async () => {
    const { round, receive, rows, signals } = await setup();
    await receive(statusReport(ofAda));
    expect(await round(notStopping)).toBe(false);
    const [row] = await rows();
    expect(row).toMatchObject({ state: 'delivered', reason: null, attempts: 1 });
    const report = {
      inboxId: row?.id,
      // The harness receives everything from Zoom.
      principal: 'provider:zoom',
      participant: 'ada',
      channel: 'sms',
      deliveryId: 'SM1',
      status: 'failed',
      code: '30003',
    };
    expect(signals).toEqual([{ id: 'aud_1', about: 'delivery', report }]);
  });

  it('that arrives before its message is recorded is retried', async () => {
    const { round, receive, rows, makeDue, signals, repositories } = await setup();
    await receive(statusReport());
    await round(notStopping);
    expect(await rows()).toMatchObject([{ state: 'received', reason: 'no_such_message', inSeconds: 1 }]);
    await repositories.noticeDeliveries.put(sentToBob);
    await makeDue();
    await round(notStopping);
    expect(signals).toMatchObject([{ id: 'aud_2', report: { participant: 'bob' } }]);
  });

  it('of an unknown message is parked after ten attempts, and delivered after a replay', async () => {
    const { round, receive, rows, makeDue, signals, repositories } = await setup();
    await receive(statusReport());
    for (let attempt = 0; attempt < 10; attempt += 1) {
      await makeDue();
      await round(notStopping);
    }
    const [row] = await rows();
    expect(row).toMatchObject({ state: 'parked', reason: 'no_such_message', attempts: 10 });
    await repositories.noticeDeliveries.put(sentToBob);
    await repositories.inbox.replay(row?.id ?? '');
    await round(notStopping);
    expect(signals).toHaveLength(1);
  });

  it('is settled when the audition has ended', async () => {
    const { round, receive, rows } = await setup(async () => 'not_running');
    await receive(statusReport(ofAda));
    await round(notStopping);
    expect(await rows()).toMatchObject([{ state: 'delivered', reason: 'audition_ended' }]);
  });
});

/** Stores a scheduled audition with a notice to its performer. */
const setUpNotice = async (...answer: Parameters<typeof setup>) => {
  const relay = await setup(...answer);
  const { events, noticeDeliveries, auditions } = relay.repositories;
  const id = newAuditionId();
  const deliveryId = `<${id}@castmatch>`;
  const notified = {
    type: 'notified',
    participant: participantIdSchema.parse('performer-1'),
    channel: 'email',
    notice: 'invitation',
    revision: 1,
    deliveryId,
  } as const;
  await storeEvents(events, id, trail([...factsUntilScheduled(id, 'org_north'), notified]));
  const { participant, channel } = notified;
  const putNotice = () =>
    noticeDeliveries.put({ id: deliveryId, organization: 'org_north', auditionId: id, participant, channel });
  const receiveReport = (status: string, code?: string) =>
    relay.receive(statusReport(undefined, { deliveryId, channel: 'email', status, code }));
  const statuses = async () => (await auditions.get('org_north', id))?.notices.map((notice) => notice.status);
  return { ...relay, id, deliveryId, putNotice, receiveReport, statuses };
};

describe('the delivery status of a notice', () => {
  it('is stored and counted, and not signaled, when the report is good', async () => {
    const { round, rows, signals, counted, id, putNotice, receiveReport, statuses, repositories } =
      await setUpNotice();
    await putNotice();
    expect(await statuses()).toEqual(['queued']);
    await receiveReport('sent');
    await receiveReport('delivered');
    await round(notStopping);
    expect(await statuses()).toEqual(['delivered']);
    const { items } = await repositories.auditions.list('org_north', {}, { limit: 100 });
    expect(items.find((item) => item.id === id)?.notices).toMatchObject([{ status: 'delivered' }]);
    expect(signals).toEqual([]);
    expect(counted).toContainEqual({ channel: 'email', status: 'delivered' });
    for (const row of await rows()) expect(row.state).toBe('delivered');
  });

  it('is counted once when reports are repeated or arrive out of order', async () => {
    const { round, rows, counted, putNotice, receiveReport, statuses } = await setUpNotice();
    await putNotice();
    for (const reported of ['delivered', 'delivered', 'sent', 'queued']) {
      await receiveReport(reported);
      await round(notStopping);
    }
    expect(await statuses()).toEqual(['delivered']);
    expect(counted).toEqual([{ channel: 'email', status: 'delivered' }]);
    const reasons = (await rows()).map(({ reason }) => reason);
    expect(reasons.filter((reason) => reason === 'status_stored')).toHaveLength(1);
    expect(reasons.filter((reason) => reason === 'status_superseded')).toHaveLength(3);
  });

  it.each(['bounced', 'complained', 'failed'])(
    'is signaled when a message is %s after it was delivered',
    async (status) => {
      const { round, signals, id, deliveryId, putNotice, receiveReport, statuses, repositories } =
        await setUpNotice();
      await putNotice();
      await receiveReport('delivered');
      await round(notStopping);
      await receiveReport(status, status);
      await round(notStopping);
      const report = { participant: 'performer-1', channel: 'email', deliveryId, status, code: status };
      expect(signals).toMatchObject([{ id, about: 'delivery', report }]);
      expect(await statuses()).toEqual([status]);
      expect(await repositories.noticeDeliveries.find(deliveryId)).toMatchObject({ status, code: status });
      await receiveReport('delivered');
      await round(notStopping);
      expect(await statuses()).toEqual([status]);
    },
  );

  it('is deferred after a transient bounce, and delivered when the message arrives after all', async () => {
    const { round, signals, putNotice, receiveReport, statuses } = await setUpNotice();
    await putNotice();
    await receiveReport('deferred', 'bounced');
    await round(notStopping);
    expect(await statuses()).toEqual(['deferred']);
    await receiveReport('delivered');
    await round(notStopping);
    await receiveReport('deferred', 'delayed');
    await round(notStopping);
    expect(await statuses()).toEqual(['delivered']);
    expect(signals).toEqual([]);
  });

  it('is signaled when the signal failed at first, and is counted once', async () => {
    let isUnreachable = true;
    const { round, makeDue, signals, counted, id, putNotice, receiveReport } = await setUpNotice(async () => {
      if (isUnreachable) throw new Error('14 UNAVAILABLE');
      return 'signaled';
    });
    await putNotice();
    await receiveReport('failed', 'bounced');
    await expect(round(notStopping)).rejects.toThrow('none of 1');
    isUnreachable = false;
    await makeDue();
    await round(notStopping);
    expect(signals).toMatchObject([{ id }, { id }]);
    expect(counted).toHaveLength(1);
  });

  it('is stored when a report that names its recipient arrives before the message is recorded', async () => {
    const { round, receive, rows, signals, id, deliveryId, putNotice, statuses } = await setUpNotice();
    const of = { audition: id, participant: 'performer-1' };
    await receive(statusReport(of, { deliveryId, status: 'delivered', code: undefined }));
    await round(notStopping);
    await putNotice();
    expect(await statuses()).toEqual(['delivered']);
    expect(await rows()).toMatchObject([{ state: 'delivered', reason: 'status_stored' }]);
    expect(signals).toEqual([]);
  });

  it('waits for the message when a good report names an unknown audition', async () => {
    const { round, receive, rows } = await setup();
    await receive(statusReport(ofAda, { deliveryId: 'SM-unknown', status: 'delivered', code: undefined }));
    await round(notStopping);
    expect(await rows()).toMatchObject([{ state: 'received', reason: 'no_such_message' }]);
  });
});
