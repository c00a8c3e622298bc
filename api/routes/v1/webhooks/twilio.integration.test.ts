/** Twilio's status callbacks. */
import twilio from 'twilio';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { localDefaults } from '../../../../infra/configuration/defaults.ts';
import { createTestApi } from '../../../../tests/harness/api.ts';
import { createTestDatabase, type TestDatabase } from '../../../../tests/harness/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const path = '/v1/webhooks/twilio?attempt=1';

const setup = async () => {
  const test = await createTestApi(database);
  const sid = `SM${crypto.randomUUID().replaceAll('-', '')}`;
  await database.repositories.deliveries.put({
    id: sid,
    organization: 'org_north',
    auditionId: 'aud_1',
    participant: 'performer-1',
    channel: 'sms',
  });
  const send = (
    form: Record<string, string>,
    {
      token = localDefaults.TWILIO_AUTH_TOKEN,
      calledPath = path,
      signedPath = calledPath,
    }: { token?: string; calledPath?: string; signedPath?: string } = {},
  ) =>
    test.call('POST', calledPath, {
      body: new URLSearchParams(form).toString(),
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'x-twilio-signature': twilio.getExpectedTwilioSignature(
          token,
          `https://auditions.example.com${signedPath}`,
          form,
        ),
      },
    });
  return { ...test, sid, send };
};

describe('a status callback', () => {
  it('reaches the audition the message belongs to', async () => {
    const { send, sid, orchestration } = await setup();
    const form = { MessageSid: sid, MessageStatus: 'undelivered', ErrorCode: '30003', To: '+15005550006' };
    expect((await send(form)).status).toBe(204);
    expect(orchestration.reports).toEqual([
      { participant: 'performer-1', channel: 'sms', deliveryId: sid, status: 'failed', code: '30003' },
    ]);
  });

  it('of a message that is still on its way is taken note of, and costs the audition nothing', async () => {
    const { send, sid, orchestration } = await setup();
    for (const MessageStatus of ['queued', 'sending', 'sent'])
      expect((await send({ MessageSid: sid, MessageStatus })).status).toBe(204);
    expect(orchestration.reports).toEqual([]);
  });

  it('reaches the audition that its address names, before anything is recorded', async () => {
    const { send, orchestration } = await setup();
    const told: string[] = [];
    orchestration.play({
      reportDelivery: async (id, report) => {
        told.push(`${id} ${report.participant} ${report.channel} ${report.deliveryId} ${report.status}`);
        return true;
      },
    });
    const sid = `SM${'1'.repeat(32)}`;
    const key = 'audition/aud_2:invitation:ada:sms:r1';
    const query = new URLSearchParams({ audition: 'aud_2', participant: 'ada', key }).toString();
    const calledPath = `/v1/webhooks/twilio?${query}`;
    expect((await send({ MessageSid: sid, MessageStatus: 'delivered' }, { calledPath })).status).toBe(204);
    expect(told).toEqual([`aud_2 ada sms ${sid} delivered`]);
    const forged = { calledPath, signedPath: calledPath.replace('aud_2', 'aud_3') };
    expect((await send({ MessageSid: sid, MessageStatus: 'failed' }, forged)).status).toBe(401);
    expect(told).toHaveLength(1);
  });

  it.each([
    ['with another token', { token: 'another' }],
    ['for another address', { signedPath: '/v1/webhooks/twilio' }],
  ])('signed %s is refused and changes nothing', async (_what, how) => {
    const { send, sid, orchestration } = await setup();
    const { status, body } = await send({ MessageSid: sid, MessageStatus: 'sent' }, how);
    expect([status, body]).toMatchObject([401, { code: 'unauthenticated' }]);
    expect(orchestration.reports).toEqual([]);
  });

  it('without a signature is refused', async () => {
    const { call, sid } = await setup();
    const { status } = await call('POST', '/v1/webhooks/twilio', {
      body: `MessageSid=${sid}&MessageStatus=sent`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(status).toBe(401);
  });

  it('about a message nobody knows, and one that is no report, are taken and dropped', async () => {
    const { send, orchestration } = await setup();
    expect((await send({ MessageSid: `SM${'0'.repeat(32)}`, MessageStatus: 'sent' })).status).toBe(204);
    expect((await send({ Body: 'hello', From: '+33612345678' })).status).toBe(204);
    expect(orchestration.reports).toEqual([]);
  });

  it('about an audition that is over is taken all the same', async () => {
    const { send, sid, orchestration } = await setup();
    orchestration.play({ reportDelivery: async () => false });
    expect((await send({ MessageSid: sid, MessageStatus: 'delivered' })).status).toBe(204);
  });

  it('is told to call again when the audition cannot be reached', async () => {
    const { send, sid, orchestration } = await setup();
    orchestration.play({
      reportDelivery: () => Promise.reject(Object.assign(new Error('x'), { code: 'ECONNREFUSED' })),
    });
    expect((await send({ MessageSid: sid, MessageStatus: 'delivered' })).status).toBe(503);
  });
});
