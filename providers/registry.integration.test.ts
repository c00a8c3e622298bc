import { expect, onTestFinished, test } from 'vitest';
import { startSandbox } from '../infra/sandbox/sandbox.ts';
import { sandboxSettings } from '../tests/harness/sandbox-settings.ts';
import { createProviders } from './registry.ts';

const setup = async () => {
  const sandbox = await startSandbox();
  onTestFinished(() => sandbox.close());
  const providers = createProviders({
    ...sandboxSettings(sandbox.url),
    smtp: { url: 'smtp://127.0.0.1:1', requireTls: false, from: 'casting@castmatch.test' },
  });
  return { providers, sandbox };
};

test('each provider has an independent health check', async () => {
  const { providers, sandbox } = await setup();
  onTestFinished(() => providers.close());
  const { google, microsoft, zoom, apple, twilio, smtp } = providers.checks;
  const well = [google, microsoft, zoom, apple, twilio];
  await expect(Promise.all(well.map((check) => check()))).resolves.toBeDefined();
  await expect(smtp()).rejects.toMatchObject({ provider: 'smtp', fault: { kind: 'outage' } });
  sandbox.control.setFault('zoom', { kind: 'outage' });
  await expect(zoom()).rejects.toMatchObject({ provider: 'zoom', fault: { kind: 'outage' } });
  await expect(google()).resolves.toBeUndefined();
});

test('the provider registry closes its connection pools', async () => {
  const { providers } = await setup();
  await providers.checks.zoom();
  await providers.close();
  await expect(providers.checks.zoom()).rejects.toMatchObject({ provider: 'zoom' });
});
