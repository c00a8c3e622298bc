import { expect, it } from 'vitest';
import { replyTimeoutMs, smtpDeadlineMs } from '../../providers/smtp/settings.ts';
import { defaultCallTimeouts, emailCallTimeouts } from './attempt.ts';

/** The values that workflows/audition/steps sets. */
const startToCloseMs = { quick: 15_000, patient: 65_000 };

it('each call deadline is shorter than its lease, and each lease shorter than the activity timeout', () => {
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
