import { expect, it, onTestFinished } from 'vitest';
import { healthAddress, startHealthServer } from './health-server.ts';
import { freeLoopbackAddress, readSdkMetrics } from './sdk-metrics.ts';

const setup = async (reasons: readonly string[] = []) => {
  const server = await startHealthServer(
    { host: '127.0.0.1', port: 0 },
    {
      notReady: async () => reasons,
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
