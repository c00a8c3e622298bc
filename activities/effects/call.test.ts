import { expect, it } from 'vitest';
import { replyTimeoutMs, smtpDeadlineMs } from '../../providers/smtp/settings.ts';
import { patientCalls, quickCalls } from './call.ts';

/** As workflows/audition/steps sets them. */
const startToCloseMs = { quick: 15_000, patient: 65_000 };

it('each time is over before the one that encloses it', () => {
  for (const [{ deadlineMs, leaseMs }, limitMs] of [
    [quickCalls, startToCloseMs.quick],
    [patientCalls, startToCloseMs.patient],
  ] as const) {
    expect(deadlineMs).toBeLessThan(leaseMs);
    expect(leaseMs).toBeLessThan(limitMs);
  }
  expect(replyTimeoutMs).toBeLessThan(smtpDeadlineMs);
  expect(smtpDeadlineMs).toBeLessThanOrEqual(patientCalls.deadlineMs);
});
