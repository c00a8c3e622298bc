/** Emails that arrive after this service has given them up. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  castingDirector,
  participantId,
  performer,
  readerWithFallback,
} from '../../tests/harness/audition-plan.ts';
import {
  apiCommand,
  type RunningAudition,
  startTimeSkippingHarness,
  type WorkflowHarness,
} from '../../tests/harness/workflow-harness.ts';
import * as messages from './messages.ts';

let stage: WorkflowHarness;
beforeAll(async () => {
  stage = await startTimeSkippingHarness();
});
afterAll(() => stage.close());

const readerId = participantId('reader-1');

const statusOfInvitation = async ({ until }: RunningAudition) => {
  const { notices } = await until((view) => view.notices.length >= 4);
  return notices.find(
    ({ participant, channel, notice }) =>
      participant === readerId && channel === 'email' && notice === 'invitation',
  );
};

const report = async (played: RunningAudition, status: 'failed' | 'delivered', code?: string) => {
  const notice = await statusOfInvitation(played);
  await played.handle.signal(messages.deliveryReportedSignal, {
    participant: readerId,
    channel: 'email',
    deliveryId: notice?.deliveryId ?? '',
    status,
    ...(code && { code }),
    inboxId: `in-${status}`,
  });
};

const factsAbout = ({ world }: RunningAudition) =>
  world.events.flatMap(({ fact }) =>
    fact.type === 'delivery_reported' || fact.type === 'attention_resolved' ? [fact] : [],
  );

it('an email that arrives after it was given up withdraws the question to the operator, and says why', async () => {
  await stage.runAudition({ recordAs: 'delivered-after-giving-up' }, async (played) => {
    await report(played, 'failed', 'delayed_too_long');
    await played.until(({ attention }) => attention.length > 0);
    await report(played, 'delivered');
    await played.until(({ attention }) => attention.length === 0);
    expect(await statusOfInvitation(played)).toMatchObject({ status: 'delivered' });
    expect(factsAbout(played)).toMatchObject([
      { type: 'delivery_reported', status: 'failed' },
      { type: 'delivery_reported', status: 'delivered' },
      {
        type: 'attention_resolved',
        action: 'withdrawn',
        by: 'system',
        note: 'The message arrived after all.',
      },
    ]);
  });
});

it('an email that arrives after a text message replaced it is delivered, and sends nothing more', async () => {
  const plan = { participants: [performer, castingDirector, readerWithFallback] };
  await stage.runAudition({ plan }, async (played) => {
    await report(played, 'failed', 'delayed_too_long');
    await played.until(({ notices }) => notices.length === 5);
    await report(played, 'delivered');
    await played.until(({ notices }) => notices.some(({ status }) => status === 'delivered'));
    const { notices, attention } = await played.until(() => true);
    expect([notices.length, attention]).toEqual([5, []]);
  });
});

it('an email that is delivered, and was never given up, changes nothing', async () => {
  await stage.runAudition({}, async (played) => {
    await report(played, 'delivered');
    expect(await statusOfInvitation(played)).toMatchObject({ status: 'queued' });
    expect(factsAbout(played)).toEqual([]);
  });
});

it('a report about a message that no notice records, such as a cancellation, is recorded when the audition ends', async () => {
  await stage.runAudition({ recordAs: 'report-of-a-cancellation' }, async (played) => {
    await statusOfInvitation(played);
    await played.handle.signal(messages.deliveryReportedSignal, {
      participant: readerId,
      channel: 'email',
      deliveryId: 'cancellation',
      status: 'bounced',
      code: 'bounced',
      principal: 'provider:smtp',
      inboxId: 'in-bounced',
    });
    await played.send(messages.cancelUpdate, { ...apiCommand, reason: 'ill' });
    await played.handle.result();
    expect(factsAbout(played)).toMatchObject([
      { type: 'delivery_reported', deliveryId: 'cancellation', status: 'bounced', code: 'bounced' },
    ]);
  });
});
