import { expect, inject, it } from 'vitest';
import {
  extendRetention,
  neededRetentionDays,
  readRetentionDays,
} from '../../infra/stack/temporal-retention.ts';

it('the local stack keeps ended workflows for as long as auditions can be reopened', async () => {
  const server = { address: inject('temporalAddress'), namespace: inject('temporalNamespace') };
  const before = await readRetentionDays(server);
  await extendRetention(server, neededRetentionDays);
  const after = Math.max(before, neededRetentionDays);
  expect(await readRetentionDays(server)).toBe(after);
  await extendRetention(server, 1);
  expect(await readRetentionDays(server)).toBe(after);
});
