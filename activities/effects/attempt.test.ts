import { expect, it } from 'vitest';
import { replyTimeoutMs, smtpDeadlineMs } from '../../providers/smtp/settings.ts';
import { defaultCallTimeouts, emailCallTimeouts } from './attempt.ts';

/** As workflows/audition/steps sets them. */
const startToCloseMs = { quick: 15_000, patient: 65_000 };

it('each time is over before the one that encloses it', () => {
  for (const [{ deadlineMs, leaseMs }, limitMs] of [
    [defaultCallTimeouts, startToCloseMs.quick],
    [emailCallTimeouts, startToCloseMs.patient],
  ] as const) {
    expect(deadlineMs).toBeLessThan(leaseMs);
    expect(leaseMs).toBeLessThan(limitMs);
  }
  expect(replyTimeoutMs).toBeLessThan(smtpDeadlineMs);
  expect(smtpDeadlineMs).toBeLessThanOrEqual(emailCallTimeouts.deadlineMs);
});
