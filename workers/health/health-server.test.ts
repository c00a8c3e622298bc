import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { healthAddress, startHealthServer } from './health-server.ts';
import { freeLoopbackAddress, readSdkMetrics } from './sdk-metrics.ts';

const setup = async (reasons: readonly string[] = [], check: () => Promise<void> = async () => {}) => {
  const server = await startHealthServer(
    { host: '127.0.0.1', port: 0 },
    {
      notReady: async () => {
        await check();
        return reasons;
      },
      metrics: async () => 'castmatch_up 1\n',
    },
  );
  onTestFinished(() => server.close());
  const address = `127.0.0.1:${server.port}`;
  return { address, get: (path: string) => fetch(`http://${address}${path}`) };
};

it('the health server answers 200 on /healthz and /readyz when the worker is ready', async () => {
  const { get } = await setup();
  expect((await get('/healthz')).status).toBe(200);
  expect((await get('/readyz')).status).toBe(200);
});

it('the health server answers 503 with the reasons on /readyz when a queue is not polled', async () => {
  const { get } = await setup(['zoom: STOPPED, pollers SHUTDOWN']);
  expect((await get('/healthz')).status).toBe(200);
  const answer = await get('/readyz');
  expect(answer.status).toBe(503);
  expect(await answer.json()).toMatchObject({ reasons: ['zoom: STOPPED, pollers SHUTDOWN'] });
});

it('the health server serves metrics in the text format of Prometheus', async () => {
  const { get, address } = await setup();
  const answer = await get('/metrics');
  expect(answer.headers.get('content-type')).toContain('version=0.0.4');
  expect(await answer.text()).toBe('castmatch_up 1\n');
  expect(await readSdkMetrics(address)).toBe('castmatch_up 1\n');
});

/** Sends the text on one connection and returns everything that the server answers until it closes the connection. */
const sendRaw = async (address: string, text: string): Promise<string> => {
  const socket = connect(Number(new URL(`http://${address}`).port), '127.0.0.1').setEncoding('utf8');
  socket.write(text);
  let answer = '';
  socket.on('data', (chunk) => {
    answer += String(chunk);
  });
  await once(socket, 'close');
  return answer;
};

it.each([
  ['without the header Host', '', 400, 'The header Host is missing.'],
  ['with two headers Host', 'Host: a\r\nHost: b\r\n', 400, 'The header Host is sent more than once.'],
  [
    'with an unknown expectation',
    'Host: a\r\nExpect: a\r\n',
    417,
    'The header Expect has a value other than 100-continue.',
  ],
])(
  'the health server refuses requests %s in their turn and says why',
  async (_kind, headers, status, why) => {
    const { address } = await setup();
    const good = 'GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n';
    const answer = await sendRaw(address, `${good.repeat(3)}GET /readyz HTTP/1.1\r\n${headers}\r\n${good}`);
    const statuses = [...answer.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, found]) => Number(found));
    expect(statuses).toEqual([200, 200, 200, status]);
    expect(answer).toContain(why);
  },
);

it('the health server answers a probe of HTTP/1.0, which has no header Host', async () => {
  const { address } = await setup();
  expect(await sendRaw(address, 'GET /healthz HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /);
});

it('the health server handles the pipelined requests of a connection one at a time', async () => {
  let most = 0;
  let underway = 0;
  const { address } = await setup([], async () => {
    underway += 1;
    most = Math.max(most, underway);
    await pause(5);
    underway -= 1;
  });
  const requests = 'GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(20);
  const answer = await sendRaw(
    address,
    `${requests}GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
  );
  expect(answer.match(/HTTP\/1\.1 200 /g)).toHaveLength(21);
  expect(most).toBe(1);
});

it('the health server answers an unknown address and an oversized header with an error', async () => {
  const { get } = await setup();
  expect((await get('/metric')).status).toBe(404);
  const answer = await fetch((await get('/healthz')).url, { headers: { x: 'y'.repeat(20_000) } });
  expect(answer.status).toBe(431);
});

it('readSdkMetrics returns a comment when the exporter of the SDK does not answer', async () => {
  expect(await readSdkMetrics(await freeLoopbackAddress())).toMatch(/^# the SDK's metrics did not answer/);
});

it.each([
  ['local', '127.0.0.1'],
  ['test', '0.0.0.0'],
  ['production', '0.0.0.0'],
] as const)('the health server in %s listens on %s', (environment, host) => {
  expect(healthAddress({ environment, workerMetricsPort: 9464 })).toEqual({ host, port: 9464 });
});
