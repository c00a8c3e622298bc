/** Sends one notice once per key. */
import { cancellationSignal } from '@temporalio/activity';
import type { EffectTarget } from '../../domain/audition/effects.ts';
import type { Channel } from '../../domain/audition/request.ts';
import type { SendNoticeInput } from '../contract.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import type { AttemptContext } from '../effects/attempt.ts';
import { effectOnce } from '../effects/effect-once.ts';
import type { EffectSteps } from '../effects/steps.ts';
import type { NoticeChannel, SentNotice } from './channel.ts';
import { withdrawalOf, withdrawnFailure } from './withdrawn-notice.ts';

/** Sends the notice, or returns the recorded result of an earlier attempt. */
export type NoticeSender = (input: SendNoticeInput, context: AttemptContext) => Promise<SentNotice>;

/**
 * Creates the sender. Immediately before the hand-over it checks that the activity is not cancelled, that the notice is
 * still correct, and that the address takes messages: an attempt can wait for its mail server for a minute, and the slot
 * can move meanwhile.
 *
 * @throws the failure of a withdrawn notice (`withdrawn-notice.ts`), and the errors of `effectOnce`.
 */
export const createNoticeSender = (
  {
    repositories: { ledger, noticeDeliveries, announcements },
    joinUrl,
  }: Pick<ActivityDependencies, 'repositories' | 'joinUrl'>,
  channels: Readonly<Record<Channel, NoticeChannel>>,
): NoticeSender => {
  const assertStillHolds = async (input: SendNoticeInput): Promise<void> => {
    const { organization, auditionId, channel, recipient } = input;
    cancellationSignal().throwIfAborted();
    const email = channel === 'email' ? recipient.email : undefined;
    const present = await announcements.present(auditionId, { organization, email });
    const withdrawal = withdrawalOf(input, present, Date.now());
    if (withdrawal) throw withdrawnFailure(withdrawal);
  };

  const guarded = (steps: EffectSteps<SentNotice>, input: SendNoticeInput): EffectSteps<SentNotice> =>
    steps.kind === 'idempotent'
      ? steps
      : {
          ...steps,
          perform: (handOver, call, attempt) =>
            steps.perform(
              async (target) => {
                await assertStillHolds(input);
                await handOver(target);
              },
              call,
              attempt,
            ),
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

  return async (planned, context) => {
    const input = await withJoinLink(planned);
    const { key, organization, auditionId, channel, notice, recipient, audition } = input;
    const { provider, operation, steps } = channels[channel];
    const { slot, revision } = audition;
    const request = { auditionId, channel, notice, participant: recipient.id, slot, revision };
    // A cancellation is not cancelled in turn.
    const undone = notice === 'cancellation' ? {} : { auditionId, target: targetOf(input) };
    const effect = { key, organization, provider, operation, request, ...undone };
    const sent = await effectOnce(ledger, effect, context, guarded(steps(input), input));
    // Written after the ledger and again on each repetition: after a crash between the two, the next attempt writes it.
    await noticeDeliveries.put({
      id: sent.deliveryId,
      organization,
      auditionId,
      participant: recipient.id,
      channel,
      address: channel === 'email' ? recipient.email : undefined,
    });
    return sent;
  };
};

const targetOf = ({ recipient, channel, generation }: SendNoticeInput): EffectTarget => ({
  kind: 'notice',
  participant: recipient.id,
  channel,
  ...(generation === undefined ? {} : { generation }),
});
