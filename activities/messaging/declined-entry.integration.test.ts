/** Tests the email that removes the calendar entry of a participant who has declined. */
import { expect, it, vi } from 'vitest';
import type { Providers } from '../../providers/ports.ts';
import { ada, noticeFacts, useActivityHarness } from '../../tests/harness/activity-harness.ts';

const benchFor = useActivityHarness();

/** Keeps the calendar part of each email that is sent. */
const keepingCalendars =
  (sent: string[]) =>
  (providers: Providers): Providers => ({
    ...providers,
    email: {
      ...providers.email,
      send: async (...args) => {
        sent.push(args[0].calendar?.content ?? '');
        await providers.email.send(...args);
      },
    },
  });

const facts = (sequence: number, changed?: 'declined' | 'rejoined') => ({
  ...noticeFacts,
  sequence,
  changed,
});

it('an email removes only the entry of a recipient who has declined, once, and another one restores it', async () => {
  const sent: string[] = [];
  const bench = await benchFor({ wrapProviders: keepingCalendars(sent) });
  const { activities, about, key, auditionId, inboxOf } = bench;
  const email = `${auditionId}@example.com`;
  const to = { ...about, channel: 'email', recipient: { ...ada, email } } as const;
  const invitation = key('invitation:r1');
  await activities.sendNotice({ ...to, key: invitation, notice: 'invitation', audition: facts(5) });
  const removal = { ...to, key: key('cancellation:declined'), sentAs: [invitation] };
  const audition = facts(7, 'declined');
  expect(await activities.retractNotice({ ...removal, audition })).toEqual({ result: 'undone' });
  expect(await activities.retractNotice({ ...removal, audition })).toEqual({ result: 'undone' });
  const restored = { ...to, key: key('update:rejoined'), notice: 'update' } as const;
  await activities.sendNotice({ ...restored, audition: facts(9, 'rejoined') });
  await vi.waitFor(async () => expect(await inboxOf(email)).toHaveLength(3));
  expect(sent.map((content) => /METHOD:(\w+)/.exec(content)?.[1])).toEqual(['REQUEST', 'CANCEL', 'REQUEST']);
  expect(sent.map((content) => Number(/SEQUENCE:(\d+)/.exec(content)?.[1]))).toEqual([5, 7, 9]);
  expect(new Set(sent.map((content) => /UID:.*/.exec(content)?.[0])).size).toBe(1);
  expect(sent[1]).not.toContain('STATUS:');
  const emails = await inboxOf(email);
  const [removed] = emails.filter(({ subject }) => subject === 'You have declined: Captain, Nightfall');
  expect(removed?.text).not.toContain('does not take place');
  expect(emails.map(({ subject }) => subject)).toContain('Calendar entry: Captain, Nightfall');
});
