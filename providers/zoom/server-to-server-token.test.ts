import { expect, test, vi } from 'vitest';
import { createServerToServerTokens } from './server-to-server-token.ts';

const operation = { provider: 'zoom', name: 'meetings.create', writes: true } as const;
const setup = () => {
  let clock = 0;
  let issued = 0;
  const ask = vi.fn(async () => {
    issued += 1;
    return {
      status: 200,
      retryAfter: undefined,
      body: { access_token: `token-${issued}`, expires_in: 3_600 },
    };
  });
  const tokens = createServerToServerTokens(ask, () => clock);
  return { tokens, ask, pass: (seconds: number) => void (clock += seconds * 1_000) };
};

test('the Zoom token is requested once for simultaneous callers and reused until it expires', async () => {
  const { tokens, ask, pass } = setup();
  expect(await Promise.all([tokens.get(operation), tokens.get(operation)])).toEqual(['token-1', 'token-1']);
  pass(3_500);
  expect(await tokens.get(operation)).toBe('token-1');
  expect(ask).toHaveBeenCalledTimes(1);
});

test('the Zoom token is replaced a minute before it expires', async () => {
  const { tokens, pass } = setup();
  await tokens.get(operation);
  pass(3_541);
  expect(await tokens.get(operation)).toBe('token-2');
});

test('the Zoom token is replaced once after it was rejected for several callers', async () => {
  const { tokens } = setup();
  const refused = await tokens.get(operation);
  tokens.reportRejectedToken(refused);
  expect(await tokens.get(operation)).toBe('token-2');
  tokens.reportRejectedToken(refused);
  expect(await tokens.get(operation)).toBe('token-2');
});

test('the Zoom token is requested again after a failure', async () => {
  const { tokens, ask } = setup();
  ask.mockResolvedValueOnce({
    status: 503,
    retryAfter: undefined,
    body: { access_token: '', expires_in: 1 },
  });
  await expect(tokens.get(operation)).rejects.toMatchObject({ fault: { kind: 'outage', effect: 'none' } });
  expect(await tokens.get(operation)).toBe('token-1');
});
