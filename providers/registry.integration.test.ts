import { expect, onTestFinished, test } from 'vitest';
import { startSandbox } from '../infra/sandbox/sandbox.ts';
import { createProviders } from './registry.ts';

const setup = async () => {
  const sandbox = await startSandbox();
  onTestFinished(() => sandbox.close());
  const { url } = sandbox;
  const providers = createProviders({
    google: {
      apiUrl: url,
      oauthUrl: url,
      authUrl: url,
      clientId: 'sandbox-google-client',
      clientSecret: 'sandbox-google-secret',
    },
    microsoft: {
      graphUrl: url,
      loginUrl: url,
      clientId: 'sandbox-microsoft-client',
      clientSecret: 'sandbox-microsoft-secret',
      tenantId: 'common',
    },
    apple: { caldavUrl: url },
    allowedPrivateNetworks: ['127.0.0.0/8'],
    zoom: {
      apiUrl: `${url}/v2`,
      oauthUrl: url,
      clientId: 'sandbox-zoom-client',
      clientSecret: 'sandbox-zoom-secret',
      accountId: 'sandbox-account',
    },
    twilio: {
      apiUrl: url,
      accountSid: 'AC00000000000000000000000000005a5a',
      authToken: 'sandbox-twilio-token',
      messagingServiceSid: 'MG00000000000000000000000000005a5a',
    },
    smtp: { url: 'smtp://127.0.0.1:1', from: 'casting@castmatch.test' },
  });
  return { providers, sandbox };
};

test('each provider has a check of its own, and answers for itself alone', async () => {
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

test('closes its pools', async () => {
  const { providers } = await setup();
  await providers.checks.zoom();
  await providers.close();
  await expect(providers.checks.zoom()).rejects.toMatchObject({ provider: 'zoom' });
});
