/**
 * Tests the connections of every provider's client: a few connections carry many calls, a cancelled call closes its
 * connection immediately, and each request carries the correlation id.
 */
import { MailDev } from 'maildev';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startSandbox } from '../../infra/sandbox/sandbox.ts';
import type { SandboxOptions } from '../../infra/sandbox/settings.ts';
import type { Vendor } from '../../infra/sandbox/vendors.ts';
import { startCountingProxy } from '../../tests/harness/counting-proxy.ts';
import { sandboxSettings } from '../../tests/harness/sandbox-settings.ts';
import { createGoogleCalendar } from '../google/calendar.ts';
import { createGoogleClient } from '../google/client.ts';
import { createOutlookCalendar } from '../microsoft/calendar.ts';
import { createGraphClient } from '../microsoft/graph-client.ts';
import type { CallContext, ConnectedAccount } from '../ports.ts';
import { createSmtpClient } from '../smtp/client.ts';
import { createSmtpEmail } from '../smtp/email.ts';
import { smtpConnections } from '../smtp/settings.ts';
import { createTwilioClient } from '../twilio/client.ts';
import { createTwilioTextMessages } from '../twilio/text-messages.ts';
import { createZoomClient } from '../zoom/client.ts';
import { createZoomMeetings } from '../zoom/meetings.ts';
import { zoomConnections } from '../zoom/settings.ts';

const calling = (signal = AbortSignal.timeout(10_000)): CallContext => ({
  signal,
  correlationId: 'corr-of-this-test',
});
const window = { from: '2027-03-01T09:00:00.000Z', until: '2027-03-01T10:00:00.000Z' } as const;
const slot = { start: window.from, end: window.until, zone: 'UTC' };
const many = (count: number, work: (n: number) => Promise<unknown>) =>
  Promise.all(Array.from({ length: count }, (_, n) => work(n)));

const accountWith = (accessToken: string): ConnectedAccount => ({
  id: 'conn_1',
  organization: 'org_1',
  account: 'ann@example.com',
  accessToken: async () => accessToken,
  reportRejectedToken: () => {},
  appPassword: () => Promise.reject(new TypeError('the account was connected with OAuth')),
  reportRejectedPassword: async () => {},
  feedAddress: () => Promise.reject(new TypeError('the account was connected with OAuth')),
  reportRejectedFeedAddress: async () => {},
  reportMissingScopes: async () => {},
});

interface Client {
  readonly vendor: Vendor;
  /** A read that sends one request. */
  readonly call: (url: string) => Promise<(context: CallContext) => Promise<unknown>>;
  /** The maximum of simultaneous connections. */
  readonly atMost: number;
  readonly sandbox?: SandboxOptions;
}

/** Returns an access token of the sandbox. */
const tokenOf = async (url: string, vendor: 'google' | 'microsoft'): Promise<string> => {
  const body = new URLSearchParams({
    grant_type: 'refresh_token',
    refresh_token: 'sandbox-refresh-ann@example.com',
    client_id: `sandbox-${vendor}-client`,
    client_secret: `sandbox-${vendor}-secret`,
  });
  const answer = await fetch(url, { method: 'POST', body });
  return String(Object(await answer.json()).access_token);
};

const clients: Readonly<Record<string, Client>> = {
  google: {
    vendor: 'google',
    call: async (url) => {
      const calendar = createGoogleCalendar(createGoogleClient({ apiUrl: url }));
      const account = accountWith(await tokenOf(`${url}/token`, 'google'));
      return (context) => calendar.freeBusy(account, ['primary'], window, context);
    },
    // The library uses Node's agent, which has no limit: the worker makes at most 100 simultaneous calls.
    atMost: 100,
  },
  microsoft: {
    vendor: 'microsoft',
    call: async (url) => {
      const calendar = createOutlookCalendar(createGraphClient({ graphUrl: url }));
      const account = accountWith(await tokenOf(`${url}/common/oauth2/v2.0/token`, 'microsoft'));
      return (context) => calendar.freeBusy(account, ['primary'], window, context);
    },
    // Node's fetch has no limit either.
    atMost: 100,
    sandbox: { microsoft: { mailboxConcurrency: 0 } },
  },
  zoom: {
    vendor: 'zoom',
    sandbox: { zoom: { requestsPerSecond: 0 } },
    call: async (url) => {
      const client = createZoomClient(sandboxSettings(url).zoom);
      onTestFinished(() => client.close());
      const meetings = createZoomMeetings(client);
      return (context) => meetings.find({ kind: 'service', user: 'me' }, 'none', slot, context);
    },
    atMost: zoomConnections,
  },
  twilio: {
    vendor: 'twilio',
    call: async (url) => {
      const client = createTwilioClient({
        apiUrl: url,
        accountSid: 'AC00000000000000000000000000005a5a',
        authToken: 'sandbox-twilio-token',
        messagingServiceSid: 'MG00000000000000000000000000005a5a',
      });
      const messages = createTwilioTextMessages(client, 'MG00000000000000000000000000005a5a');
      return (context) => messages.find({ to: '+33612345678', reference: 'NONE' }, window.from, context);
    },
    atMost: 50,
  },
};

const setup = async ({ call, sandbox: options = {} }: Client) => {
  const sandbox = await startSandbox(options);
  onTestFinished(() => sandbox.close());
  const proxy = await startCountingProxy({ port: Number(new URL(sandbox.url).port) });
  const callOnce = await call(`http://127.0.0.1:${proxy.port}`);
  return { sandbox, proxy, callOnce };
};

describe.each(Object.entries(clients))('the client of %s', (_name, client) => {
  it('makes consecutive calls on one connection', async () => {
    const { proxy, callOnce } = await setup(client);
    await callOnce(calling());
    const opened = proxy.opened();
    for (let n = 0; n < 10; n += 1) await callOnce(calling());
    expect(proxy.opened()).toBe(opened);
  });

  it('makes simultaneous calls on its pool and reuses the connections', async () => {
    const { proxy, callOnce } = await setup(client);
    await callOnce(calling());
    await many(40, () => callOnce(calling()));
    const opened = proxy.opened();
    expect(opened).toBeLessThanOrEqual(Math.min(client.atMost, 41) + 1);
    await many(40, () => callOnce(calling()));
    expect(proxy.opened()).toBe(opened);
  });

  it('ends a cancelled call and closes its connection', async () => {
    const { sandbox, proxy, callOnce } = await setup(client);
    await callOnce(calling());
    sandbox.control.setFault(client.vendor, { kind: 'latency', latencyMs: 60_000 });
    const controller = new AbortController();
    const cancelled = callOnce(calling(controller.signal));
    const closedBefore = proxy.opened() - proxy.open();
    setTimeout(() => controller.abort(new Error('called off')), 100);
    await expect(cancelled).rejects.toMatchObject({ fault: { kind: 'retry' } });
    await expect.poll(() => proxy.opened() - proxy.open()).toBeGreaterThan(closedBefore);
  });

  it('reports an exceeded deadline as an outage', async () => {
    const { sandbox, callOnce } = await setup(client);
    await callOnce(calling());
    sandbox.control.setFault(client.vendor, { kind: 'latency', latencyMs: 60_000 });
    await expect(callOnce(calling(AbortSignal.timeout(100)))).rejects.toMatchObject({
      fault: { kind: 'outage' },
    });
  });

  it('sends the correlation id with each request', async () => {
    const { proxy, callOnce } = await setup(client);
    await callOnce(calling());
    expect(proxy.sent()).toMatch(/^x-correlation-id: corr-of-this-test\r$/im);
  });
});

describe('the client of the mail server', () => {
  it('sends many messages on few connections', async () => {
    const mailDev = new MailDev({ smtp: 0, web: 0, ip: '127.0.0.1', webIp: '127.0.0.1', silent: true });
    const { smtp } = await mailDev.start();
    onTestFinished(() => mailDev.stop());
    const proxy = await startCountingProxy({ port: smtp.getPort() });
    const client = createSmtpClient({
      url: `smtp://127.0.0.1:${proxy.port}`,
      requireTls: false,
      from: 'casting@example.com',
    });
    onTestFinished(() => client.close());
    const email = createSmtpEmail(client, 'casting@example.com', undefined);
    const send = (n: number) =>
      email.send(
        {
          messageId: `<${n}@example.com>`,
          to: { name: 'Ann', address: 'ann@example.com' },
          subject: 'Audition',
          text: 'Come',
          html: '<p>Come</p>',
        },
        async () => {},
        calling(),
      );
    await many(30, send);
    expect(proxy.opened()).toBeLessThanOrEqual(smtpConnections);
    expect(proxy.sent()).toMatch(/^x-correlation-id: corr-of-this-test\r$/im);
  });
});
