import { expect, it, onTestFinished } from 'vitest';
import { startSandbox } from '../sandbox.ts';

const setup = async () => {
  const sandbox = await startSandbox();
  onTestFinished(async () => sandbox.close());
  const { url, control } = sandbox;
  const read = async (path = '/') => (await fetch(`${url}${path}`)).text();
  const appointment = (summary: string) =>
    control.addBusy({
      account: 'ann@example.com',
      start: '2026-10-25T00:30:00Z',
      end: '2026-10-25T01:30:00Z',
      summary,
    });
  return { url, control, read, appointment };
};

it('the sandbox page shows the data of each vendor', async () => {
  const { url, control, read, appointment } = await setup();
  appointment('Dentist');
  control.addOutlookEvent({
    account: 'bob@contoso.example',
    start: '2026-10-25T09:00:00',
    end: '2026-10-25T10:00:00',
    subject: 'Fitting',
    showAs: 'tentative',
  });
  await control.receiveText({ from: '+33612345678', body: 'STOP' });
  const token = await fetch(`${url}/oauth/token?grant_type=account_credentials&account_id=sandbox-account`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa('sandbox-zoom-client:sandbox-zoom-secret')}` },
  });
  await fetch(`${url}/v2/users/me/meetings`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${Object(await token.json()).access_token}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ topic: 'Chemistry read' }),
  });
  const page = await read();
  for (const text of [
    'ann@example.com',
    'Dentist',
    'bob@contoso.example',
    'Fitting',
    'tentative',
    '+33612345678',
    'opted out',
    'Chemistry read',
    '1 meeting',
  ]) {
    expect(page).toContain(text);
  }
});

it('the sandbox page shows Teams meetings and who is in them', async () => {
  const { url, control, read } = await setup();
  const token = await fetch(`${url}/common/oauth2/v2.0/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: 'sandbox-refresh-bob@contoso.example',
      client_id: 'sandbox-microsoft-client',
      client_secret: 'sandbox-microsoft-secret',
    }),
  });
  await fetch(`${url}/v1.0/me/onlineMeetings/createOrGet`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${Object(await token.json()).access_token}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ externalId: 'one', subject: 'Screen test' }),
  });
  const [meeting] = control.state().microsoft.onlineMeetings;
  control.joinMeeting('microsoft', meeting?.id ?? '', { name: 'Ada <b>' });
  const page = await read();
  expect(page).toContain('Screen test');
  expect(page).toContain('present: Ada &lt;b&gt;');
});

it('the sandbox page escapes the data of the vendors and allows no foreign scripts', async () => {
  const { url, control, read, appointment } = await setup();
  appointment('<script>alert(1)</script>');
  await control.receiveText({ from: '+33612345678', body: '"><img src=x onerror=alert(1)>' });
  const page = await read();
  expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  expect(page).not.toContain('<script>alert');
  expect(page).not.toContain('<img');
  const policy = (await fetch(url)).headers.get('content-security-policy');
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self'");
});

it('the sandbox page shows times in the requested zone, and in UTC for an unknown zone', async () => {
  const { read, appointment } = await setup();
  appointment('Dentist');
  expect(await read('/?zone=Europe/Paris')).toContain('02:30–02:30');
  expect(await read('/?zone=Mars/Base')).toContain('00:30–01:30');
});

it('the sandbox page shows the active faults', async () => {
  const { control, read } = await setup();
  control.setFault('zoom', { kind: 'outage', operation: 'meetings.create', times: 2 });
  control.setFault('twilio', { kind: 'latency', latencyMs: 300 });
  const page = await read();
  expect(page).toContain('out of service, meetings.create only, 2 more times');
  expect(page).toContain('slow, 300 ms');
});

it('the sandbox page receives an event when the state changes', async () => {
  const { url, appointment } = await setup();
  const stream = await fetch(`${url}/sandbox/live`);
  const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
  await reader?.read();
  appointment('Dentist');
  expect((await reader?.read())?.value).toContain('data: changed');
  await reader?.cancel();
});

it('the sandbox serves the style sheet, the script and the panels of its page', async () => {
  const { url, read } = await setup();
  expect((await fetch(`${url}/sandbox/page.css`)).headers.get('content-type')).toContain('text/css');
  expect((await fetch(`${url}/sandbox/page.js`)).headers.get('content-type')).toContain('text/javascript');
  expect(Object.keys(JSON.parse(await read('/sandbox/panels')))).toEqual(
    expect.arrayContaining(['google', 'zoom', 'twilio', 'calls', 'zoom-faults', 'zoom-counts']),
  );
});
