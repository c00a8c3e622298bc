/** Sends one notice once per key. */
import { cancellationSignal } from '@temporalio/activity';
import type { EffectTarget } from '../../domain/audition/effects.ts';
import type { Channel } from '../../domain/audition/request.ts';
import { mayHaveTakenEffect, ProviderError } from '../../domain/errors.ts';
import type { SendNoticeInput } from '../contract.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import type { AttemptContext } from '../effects/attempt.ts';
import { messageIdFor } from '../effects/deterministic-ids.ts';
import { effectOnce } from '../effects/effect-once.ts';
import type { EffectSteps } from '../effects/steps.ts';
import { calendarPartOf } from './calendar-part.ts';
import type { NoticeChannel, PreparedNotice, SentNotice } from './channel.ts';
import { sequenceOf } from './invitation-calendar.ts';
import { type AppendFact, createMessageAllowance } from './message-allowance.ts';
import { nameUnsupportedAddress } from './unsupported-address.ts';
import { withdrawalOf, withdrawnFailure } from './withdrawn-notice.ts';

/** Sends the notice, or returns the recorded result of an earlier attempt. */
export type NoticeSender = (
  input: SendNoticeInput,
  context: AttemptContext,
  append: AppendFact,
) => Promise<SentNotice>;

/**
 * Creates the sender. Immediately before the hand-over it checks that the activity is not cancelled, that the notice is
 * still correct, and that the address takes messages: an attempt can wait for its mail server for a minute, and the slot
 * can move meanwhile. Then it counts the notice in the budget of the organization.
 *
 * @throws the failures of a withdrawn notice (`withdrawn-notice.ts`) and of a spent budget (`message-allowance.ts`), and the
 *   errors of `effectOnce`.
 */
export const createNoticeSender = (
  {
    repositories: { ledger, noticeDeliveries, announcements, organizations, messageBudgets },
    joinUrl,
    messageLimits: defaultLimits,
  }: Pick<ActivityDependencies, 'repositories' | 'joinUrl' | 'messageLimits'>,
  channels: Readonly<Record<Channel, NoticeChannel>>,
): NoticeSender => {
  const allowance = createMessageAllowance({ organizations, messageBudgets, defaultLimits });

  const assertStillHolds = async (input: PreparedNotice): Promise<void> => {
    const { organization, auditionId, channel, recipient } = input;
    cancellationSignal().throwIfAborted();
    const email = channel === 'email' ? recipient.email : undefined;
    const present = await announcements.present(auditionId, { organization, email });
    const withdrawal = withdrawalOf(input, present, Date.now());
    if (withdrawal) throw withdrawnFailure(withdrawal);
  };

  const store = (input: PreparedNotice, deliveryId: string): Promise<void> => {
    const { organization, auditionId, channel, recipient, calendarPart } = input;
    return noticeDeliveries.put({
      id: deliveryId,
      organization,
      auditionId,
      participant: recipient.id,
      channel,
      address: channel === 'email' ? recipient.email : undefined,
      ...(calendarPart && {
        calendar: { part: calendarPart, sequence: sequenceOf(calendarPart, input.audition) },
      }),
    });
  };

  const withJoinLink = async (input: SendNoticeInput): Promise<SendNoticeInput> => {
    const { organization, auditionId, recipient, audition, notice } = input;
    // A cancellation states no join link: the id of a participant who has left can be that of another person by now.
    if (!audition.joinLink || notice === 'cancellation') return input;
    const { id: participant, locale } = recipient;
    const titles = { project: audition.project.title, role: audition.role.name };
    const url = await joinUrl({ organization, auditionId, participant, locale, titles });
    return { ...input, audition: { ...audition, joinUrl: url } };
  };

  return async (planned, context, append) => {
    const calendarPart = await calendarPartOf(planned, noticeDeliveries);
    const input: PreparedNotice = { ...(await withJoinLink(planned)), calendarPart };
    const { key, organization, auditionId, channel, notice, recipient, audition } = input;
    const { provider, operation, steps } = channels[channel];
    const { slot, revision } = audition;
    const request = { auditionId, channel, notice, participant: recipient.id, slot, revision };
    // A cancellation is not cancelled in turn.
    const undone = notice === 'cancellation' ? {} : { auditionId, target: targetOf(input) };
    const effect = { key, organization, provider, operation, request, ...undone };
    let isStored = false;
    let isCountedHere = false;
    const beforeHandOver = async (units: number) => {
      await assertStillHolds(input);
      isCountedHere = await allowance.take(input, units, append);
      if (calendarPart !== 'REQUEST') return;
      // Before the hand-over: when its outcome is unknown, the cancellation must remove the entry.
      await store(input, messageIdFor(key));
      isStored = true;
    };
    const sent = await effectOnce(
      ledger,
      effect,
      context,
      refunded(steps(input, beforeHandOver), async () => {
        // The count of an earlier attempt stays: that attempt may have sent the message.
        if (isCountedHere) await allowance.giveBack(key);
      }),
    ).catch((error: unknown) => {
      throw nameUnsupportedAddress(error);
    });
    // Written after the ledger and again on each repetition: after a crash between the two, the next attempt writes it.
    if (!isStored) await store(input, sent.deliveryId);
    return sent;
  };
};

/**
 * Returns the steps, which give back what was counted for a message that was certainly not sent. Best effort: a message
 * that stays counted is not counted again.
 */
const refunded = (steps: EffectSteps<SentNotice>, giveBack: () => Promise<void>): EffectSteps<SentNotice> =>
  steps.kind === 'idempotent'
    ? steps
    : {
        ...steps,
        perform: async (handOver, call, attempt) => {
          try {
            return await steps.perform(handOver, call, attempt);
          } catch (error) {
            if (error instanceof ProviderError && !mayHaveTakenEffect(error)) {
              await giveBack().catch(() => undefined);
            }
            throw error;
          }
        },
      };

const targetOf = ({ recipient, channel, generation }: SendNoticeInput): EffectTarget => ({
  kind: 'notice',
  participant: recipient.id,
  channel,
  ...(generation === undefined ? {} : { generation }),
});
