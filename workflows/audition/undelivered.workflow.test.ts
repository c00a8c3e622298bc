/** Notices that were not delivered: the fallback channel, the suppressed address and the question to the operator. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeliveryStatus } from '../../domain/audition/delivery-statuses.ts';
import type { NoticeKind } from '../../domain/audition/events.ts';
import type { Participant } from '../../domain/audition/request.ts';
import {
  castingDirector,
  participantId,
  performer,
  readerWithFallback,
} from '../../tests/harness/audition-plan.ts';
import { isIdle } from '../../tests/harness/pending-work.ts';
import { createTakeovers } from '../../tests/harness/takeovers.ts';
import {
  apiCommand,
  type RunningAudition,
  startTimeSkippingHarness,
  terminateWhenIdle,
  type WorkflowHarness,
} from '../../tests/harness/workflow-harness.ts';
import * as messages from './messages.ts';

let stage: WorkflowHarness;
beforeAll(async () => {
  stage = await startTimeSkippingHarness();
});
afterAll(() => stage.close());

const { latest, resolve, takeOver } = createTakeovers(() => stage);

const withFallback = { plan: { participants: [performer, castingDirector, readerWithFallback] } };
const readerId = participantId('reader-1');

const invited = ({ until }: RunningAudition) => until(({ notices }) => notices.length >= 4);

const report = async (
  played: RunningAudition,
  participant: string,
  status: DeliveryStatus,
  { kind = 'invitation', code = status }: { readonly kind?: NoticeKind; readonly code?: string } = {},
): Promise<void> => {
  const { notices } = await invited(played);
  const notice = notices.find(
    (sent) => sent.participant === participant && sent.channel === 'email' && sent.notice === kind,
  );
  await played.handle.signal(messages.deliveryReportedSignal, {
    participant: participantId(participant),
    channel: 'email',
    deliveryId: notice?.deliveryId ?? '',
    status,
    code,
    inboxId: `in-${status}`,
  });
};

/** Removes the reader, and adds the participant who replaces the reader, if there is one. */
const replaceReader = ({ send }: RunningAudition, participant?: Participant) =>
  send(messages.participantsUpdate, {
    ...apiCommand,
    changes: [
      { kind: 'remove', participant: readerId },
      ...(participant ? [{ kind: 'add' as const, participant }] : []),
    ],
  });

/** The text messages to the reader. */
const textsTo = ({ world }: RunningAudition) => world.notices.filter((key) => key.includes(':reader-1:sms:'));

/** Waits for the invitation and all reminders. Returns what the reader got as texts after each, and what an operator was asked. */
const untilReminded = async (played: RunningAudition) => {
  const { attention } = await invited(played);
  const invitations = textsTo(played);
  await played.until(({ notices }) => notices.filter(({ notice }) => notice === 'reminder').length === 8);
  return { attention, invitations, all: textsTo(played) };
};

describe('an email that a mail server has deferred for too long', () => {
  const givenUp = { code: 'delayed_too_long' };

  it('is sent on the fallback channel, and no operator is asked', async () => {
    await stage.runAudition(withFallback, async (played) => {
      await report(played, readerId, 'failed', givenUp);
      const { notices, attention } = await played.until((view) => view.notices.length === 5);
      expect(notices.at(-1)).toMatchObject({ participant: readerId, channel: 'sms', notice: 'invitation' });
      expect(attention).toEqual([]);
    });
  });

  it('is a question to the operator without a fallback channel, and the address is not suppressed', async () => {
    await stage.runAudition({}, async (played) => {
      await report(played, readerId, 'failed', givenUp);
      const { attention } = await played.until((view) => view.attention.length > 0);
      expect(attention).toMatchObject([{ step: 'invitation', ...givenUp, actions: ['skip', 'abort'] }]);
      expect(attention[0]?.hint).not.toContain('suppressions');
      await played.resolve('invitation', 'skip');
    });
  });
});

describe('a notice that bounced', () => {
  it('is sent on the fallback channel, and no operator is asked', async () => {
    await stage.runAudition({ ...withFallback, recordAs: 'bounced-with-fallback' }, async (played) => {
      await report(played, readerId, 'bounced');
      const { notices, attention } = await played.until((view) => view.notices.length === 5);
      expect(notices.at(-1)).toMatchObject({ participant: readerId, channel: 'sms', notice: 'invitation' });
      expect(
        notices.find(({ channel, participant }) => participant === readerId && channel === 'email'),
      ).toMatchObject({ status: 'bounced' });
      expect(attention).toEqual([]);
      await report(played, readerId, 'bounced');
      expect(textsTo(played)).toHaveLength(1);
      const cancelled = await played.send(messages.cancelUpdate, apiCommand);
      expect(cancelled).toMatchObject({ outcome: 'cancelled' });
      await played.result();
      expect(played.world.retractions.some((key) => key.includes(':reader-1:sms'))).toBe(true);
    });
  });

  it('is a question to the operator without a fallback channel', async () => {
    await stage.runAudition({ recordAs: 'bounced-without-fallback' }, async (played) => {
      await report(played, readerId, 'bounced');
      const { attention } = await played.until((view) => view.attention.length > 0);
      expect(attention).toMatchObject([{ step: 'invitation', code: 'bounced', actions: ['skip', 'abort'] }]);
      expect(attention[0]?.hint).toContain('suppressions lift');
      await played.resolve('invitation', 'skip');
    });
  });
});

describe('a notice about which its recipient complained', () => {
  it('is a question to the operator, and is sent on no other channel', async () => {
    await stage.runAudition(withFallback, async (played) => {
      await report(played, readerId, 'complained');
      const { attention } = await played.until((view) => view.attention.length > 0);
      expect(attention).toMatchObject([
        { code: 'complained', what: expect.stringContaining('reported as spam') },
      ]);
      expect(textsTo(played)).toEqual([]);
    });
  });
});

const prepare = (world: RunningAudition['world']) =>
  world.fail('sendNotice', 'suppressed', ':reader-1:email');

describe('a notice to a suppressed address', () => {
  it('is sent on the fallback channel, as each reminder is', async () => {
    await stage.runAudition(
      { ...withFallback, prepare, recordAs: 'suppressed-with-fallback' },
      async (played) => {
        const { attention, invitations, all } = await untilReminded(played);
        expect(attention).toEqual([]);
        expect(invitations).toHaveLength(1);
        expect(all).toHaveLength(3);
      },
    );
  });
});

describe('a notice to an address that no mail server takes', () => {
  it('is sent on the fallback channel, as each reminder is, and no operator is asked', async () => {
    await stage.runAudition(
      {
        ...withFallback,
        prepare: (world) => world.fail('sendNotice', 'address_not_supported', ':reader-1:email'),
        recordAs: 'unsupported-address-with-fallback',
      },
      async (played) => {
        const { attention, invitations, all } = await untilReminded(played);
        expect(attention).toEqual([]);
        expect(invitations).toHaveLength(1);
        expect(all).toHaveLength(3);
      },
    );
  });

  it('is one question to the operator without a fallback channel, for all reminders', async () => {
    await stage.runAudition(
      {
        prepare: (world) => world.fail('sendNotice', 'address_not_supported', ':reader-1:email'),
        recordAs: 'unsupported-address-without-fallback',
      },
      async (played) => {
        await played.until(
          ({ notices }) => notices.filter(({ notice }) => notice === 'reminder').length === 6,
        );
        await expect
          .poll(
            () =>
              new Set(played.world.callsOf('sendNotice').filter((key) => key.includes('reader-1:email')))
                .size,
            { timeout: 10_000 },
          )
          .toBe(3);
        const { attention } = await played.until(() => true);
        const asked = attention.filter(({ code }) => code === 'address_not_supported');
        expect(asked).toMatchObject([{ step: 'invitation', actions: ['retry', 'skip', 'abort'] }]);
        expect(asked[0]?.what).toContain('outside ASCII');
        expect(asked[0]?.hint).toContain('SMTPUTF8');
      },
    );
  });
});

describe('a notice beyond the budget of the organization', () => {
  it('is sent on the fallback channel, and no operator is asked', async () => {
    await stage.runAudition(
      {
        ...withFallback,
        prepare: (world) => world.fail('sendNotice', 'budget_spent', ':reader-1:email'),
        recordAs: 'budget-spent-with-fallback',
      },
      async (played) => {
        const { attention } = await invited(played);
        expect(attention).toEqual([]);
        expect(textsTo(played)).toHaveLength(1);
      },
    );
  });

  it('is a question to the operator without a fallback channel, and is sent when the budget is raised', async () => {
    await stage.runAudition(
      {
        prepare: (world) => world.fail('sendNotice', 'budget_spent', ':reader-1:'),
        recordAs: 'budget-spent-without-fallback',
      },
      async (played) => {
        const { attention } = await played.until((view) => view.attention.length > 0);
        expect(attention).toMatchObject([
          { step: 'invitation', code: 'budget_spent', actions: ['retry', 'skip', 'abort'] },
        ]);
        expect(attention[0]?.hint).toContain('organizations change');
        played.world.clearFaults();
        await played.resolve('invitation', 'retry');
        await played.until(({ notices }) => notices.some(({ participant }) => participant === readerId));
      },
    );
  });

  it('is cancelled on the fallback channel when the cancellation is refused, and no operator is asked', async () => {
    await stage.runAudition(
      {
        ...withFallback,
        prepare: (world) => world.fail('retractNotice', 'budget_spent', ':reader-1:email'),
        recordAs: 'budget-spent-cancellation-with-fallback',
      },
      async (played) => {
        await invited(played);
        await replaceReader(played);
        await expect
          .poll(() => played.world.retractions.filter((key) => key.includes(':reader-1:sms:')), {
            timeout: 10_000,
          })
          .toHaveLength(1);
        expect((await played.until(() => true)).attention).toEqual([]);
      },
    );
  });

  it('asks about a cancellation that is refused on both channels', async () => {
    await stage.runAudition(
      {
        ...withFallback,
        prepare: (world) => {
          world.fail('retractNotice', 'budget_spent', ':reader-1:email');
          world.fail('retractNotice', 'country_not_allowed', ':reader-1:sms');
        },
      },
      async (played) => {
        await invited(played);
        await replaceReader(played);
        const { attention } = await played.until((view) => view.attention.length > 0);
        expect(attention).toMatchObject([{ step: 'compensation', code: 'country_not_allowed' }]);
      },
    );
  });

  it('asks once about a number of a country to which nothing is sent, for all reminders', async () => {
    await stage.runAudition(
      {
        plan: {
          participants: [
            performer,
            castingDirector,
            { ...readerWithFallback, channels: ['sms'], fallbackChannels: [] },
          ],
        },
        prepare: (world) => world.fail('sendNotice', 'country_not_allowed', ':reader-1:sms'),
        recordAs: 'country-not-allowed-with-reminders',
      },
      async (played) => {
        await played.until(
          ({ notices }) => notices.filter(({ notice }) => notice === 'reminder').length === 6,
        );
        await expect
          .poll(
            () =>
              new Set(played.world.callsOf('sendNotice').filter((key) => key.includes('reader-1:sms'))).size,
          )
          .toBe(3);
        const { attention } = await played.until(() => true);
        const asked = attention.filter(({ code }) => code === 'country_not_allowed');
        expect(asked).toMatchObject([{ step: 'invitation' }]);
      },
    );
  });

  it('asks about a number of a country to which nothing is sent, on the channel that is left', async () => {
    await stage.runAudition(
      {
        ...withFallback,
        prepare: (world) => {
          world.fail('sendNotice', 'budget_spent', ':reader-1:email');
          world.fail('sendNotice', 'country_not_allowed', ':reader-1:sms');
        },
      },
      async (played) => {
        const { attention } = await played.until((view) => view.attention.length > 0);
        expect(attention).toMatchObject([{ code: 'country_not_allowed' }]);
        expect(attention).toHaveLength(1);
      },
    );
  });
});

describe('a participant who is removed after a notice was sent on the fallback channel', () => {
  it('gets the cancellation there', async () => {
    await stage.runAudition(withFallback, async (played) => {
      await report(played, readerId, 'bounced');
      await played.until((view) => view.notices.length === 5);
      await played.send(messages.participantsUpdate, {
        ...apiCommand,
        changes: [{ kind: 'remove', participant: readerId }],
      });
      await expect
        .poll(() => played.world.retractions.some((key) => key.includes(':reader-1:sms')), {
          timeout: 10_000,
        })
        .toBe(true);
    });
  });
});

/** Loses the workflow, takes the audition over, and returns its view when the new run has nothing left to do. */
const takenOver = async (played: RunningAudition) => {
  played.world.adoptedPlan = await played.handle.query(messages.planQuery);
  const { taskQueue } = await played.handle.describe();
  await terminateWhenIdle(played.handle);
  const run = await takeOver(played, { cause: 'terminated', correlationId: 'test' }, taskQueue);
  try {
    await resolve(played, 'retry');
    await expect.poll(() => isIdle(run), { timeout: 20_000 }).toBe(true);
    return await latest(played).query(messages.viewQuery);
  } finally {
    await terminateWhenIdle(run);
  }
};

describe('a text message in place of an email that bounced', () => {
  it('is sent once, although the audition is taken over', async () => {
    await stage.runAudition(withFallback, async (played) => {
      await report(played, readerId, 'bounced');
      await played.until((view) => view.notices.length === 5);
      await takenOver(played);
      expect(new Set(textsTo(played)).size).toBe(1);
    });
  });

  it('says the same as the email', async () => {
    await stage.runAudition({ ...withFallback, recordAs: 'bounced-update-with-fallback' }, async (played) => {
      await invited(played);
      await played.send(messages.meetingUpdate, { ...apiCommand, provider: 'google_meet' });
      await played.until(({ notices }) => notices.filter(({ notice }) => notice === 'update').length === 4);
      await report(played, readerId, 'bounced', { kind: 'update' });
      await played.until(({ notices }) => notices.length === 9);
      const updates = played.world.events.flatMap(({ fact }) =>
        fact.type === 'notified' && fact.notice === 'update' && fact.participant === readerId ? [fact] : [],
      );
      expect(updates.map(({ channel }) => channel)).toEqual(['email', 'sms']);
      expect(new Set(updates.map(({ changed }) => changed))).toEqual(new Set(['link']));
    });
  });

  it('is not sent for a notice about the entry in the calendar, which only emails make', async () => {
    await stage.runAudition({ ...withFallback, recordAs: 'bounced-entry' }, async (played) => {
      await invited(played);
      const calendar = { provider: 'google', connection: 'conn_reader', calendarId: 'primary' } as const;
      await replaceReader(played, { ...readerWithFallback, calendar });
      await played.until(({ notices }) => notices.length === 5);
      await report(played, readerId, 'bounced', { kind: 'update' });
      const { attention } = await played.until((view) => view.attention.length > 0);
      expect(attention).toMatchObject([{ step: 'invitation', code: 'bounced' }]);
      expect(textsTo(played)).toEqual([]);
    });
  });
});

const formerRecipients: readonly (readonly [string, Participant | undefined])[] = [
  ['an earlier address', { ...readerWithFallback, email: 'rita@new.example.com' }],
  [
    'an earlier person under the same id',
    { ...readerWithFallback, email: 'rob@example.com', phone: '+33612345670' },
  ],
  ['a participant who was removed', undefined],
];

describe.each(formerRecipients)('a notice to %s', (recipient, present) => {
  it('is not sent again and asked about when it bounces, also after a take-over', async () => {
    const recordAs = `bounced-at-${recipient.replaceAll(' ', '-')}`;
    await stage.runAudition({ ...withFallback, recordAs }, async (played) => {
      await invited(played);
      await replaceReader(played, present);
      if (present) await played.until(({ notices }) => notices.length === 5);
      await report(played, readerId, 'bounced');
      const { notices } = await played.until((view) =>
        view.notices.some(({ status }) => status === 'bounced'),
      );
      expect(notices.filter(({ status }) => status === 'bounced')).toHaveLength(1);
      expect((await played.view()).attention).toEqual([]);
      const { attention } = await takenOver(played);
      expect(attention).toEqual([]);
      expect(textsTo(played)).toEqual([]);
    });
  });
});
