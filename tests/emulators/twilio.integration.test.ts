/**
 * Tests the Twilio client against an independent emulator (npm `emulate`). Our own sandbox could contain the same
 * mistakes as the client.
 */
import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { createEmulator } from 'emulate';
import { expect, onTestFinished, test } from 'vitest';
import { toInstant } from '../../domain/time/epoch.ts';
import { createTwilioClient } from '../../providers/twilio/client.ts';
import { createTwilioTextMessages } from '../../providers/twilio/text-messages.ts';
import { isSignedByTwilio, readStatusReport } from '../../providers/twilio/webhooks.ts';
import { findFreePort } from '../harness/free-port.ts';

const accountSid = 'AC0000000000000000000000000000e3e3';
const authToken = 'an-auth-token-of-the-emulator';
const to = '+15550002222';

const setup = async () => {
  const emulator = await createEmulator({
    service: 'twilio',
    port: await findFreePort(),
    seed: {
      twilio: {
        account: { sid: accountSid, auth_token: authToken, friendly_name: 'Casting office' },
        phone_numbers: [{ phone_number: '+15551234567', friendly_name: 'Auditions' }],
        messaging_services: [{ friendly_name: 'Auditions', phone_numbers: ['+15551234567'] }],
      },
    },
  });
  onTestFinished(() => emulator.close());
  const basic = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`;
  const send = (path: string, form?: Record<string, string>) =>
    fetch(`${emulator.url}${path}`, {
      headers: { authorization: basic },
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    });
  const listed: unknown = await (await send('/messaging/v1/Services')).json();
  const messagingServiceSid = String(Object(listed).services[0].sid);
  const settings = { apiUrl: emulator.url, accountSid, authToken, messagingServiceSid };
  const messages = createTwilioTextMessages(createTwilioClient(settings), messagingServiceSid);
  const call = { correlationId: 'test', signal: AbortSignal.timeout(10_000) };
  return { messages, call, send };
};

const readForm = async (request: IncomingMessage) => {
  const signature = request.headers['x-twilio-signature'];
  const form = Object.fromEntries(new URLSearchParams(await text(request)));
  return { signature: typeof signature === 'string' ? signature : undefined, form };
};

/** Starts a server for the status callback. Resolves with the first form it receives and the signature. */
const openCallback = async () => {
  const received = Promise.withResolvers<{ signature: string | undefined; form: Record<string, string> }>();
  const server = createServer((request, response) => {
    received.resolve(readForm(request));
    response.writeHead(204).end();
  });
  const port = await findFreePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${port}/v1/webhooks/twilio?audition=aud_1`, received: received.promise };
};

test('the Twilio client sends a message and finds it by its reference', async () => {
  const { messages, call } = await setup();
  const since = toInstant(Date.now());
  const sent = await messages.send(
    { to, body: 'Your audition is on Tuesday. R7K2QX', reference: 'R7K2QX' },
    call,
  );
  expect(sent.id).toMatch(/^SM[0-9a-f]{32}$/);
  expect(await messages.find({ to, reference: 'R7K2QX' }, since, call)).toEqual({ id: sent.id });
  expect(await messages.find({ to, reference: 'ABSENT' }, since, call)).toBeUndefined();
});

test('the Twilio client reports an invalid number as rejected input', async () => {
  const { messages, call } = await setup();
  await expect(messages.send({ to: 'invalid', body: 'Hello', reference: 'X' }, call)).rejects.toMatchObject({
    fault: { kind: 'rejected_input' },
  });
});

test('the Twilio status callback is accepted only with a valid signature', async () => {
  const { messages, call, send } = await setup();
  const { url, received } = await openCallback();
  const sent = await messages.send({ to, body: 'R7K2QX', reference: 'R7K2QX', statusCallback: url }, call);
  await send('/_twilio/simulate/message-status', { MessageSid: sent.id, MessageStatus: 'delivered' });
  const { signature, form } = await received;
  const signed = { signature, url, content: { kind: 'form', fields: form } } as const;
  expect(isSignedByTwilio({ ...signed, authTokens: ['a-new-token', authToken] })).toBe(true);
  expect(isSignedByTwilio({ ...signed, authTokens: ['another'] })).toBe(false);
  expect(isSignedByTwilio({ ...signed, authTokens: [authToken], url: `${url}2` })).toBe(false);
  expect(readStatusReport(form)).toMatchObject({ deliveryId: sent.id });
});
