/** Sends notices by email. The delivery id of an email is its Message-ID. */
import type { Participant } from '../../domain/audition/request.ts';
import { ProviderError } from '../../domain/errors.ts';
import { channelVendors } from '../../domain/providers/vendors.ts';
import { operationOf } from '../../providers/operations.ts';
import type { EmailMessage } from '../../providers/ports.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { emailCallTimeouts } from '../effects/attempt.ts';
import { messageIdFor } from '../effects/deterministic-ids.ts';
import { type NoticeChannel, type PreparedNotice, sentNoticeSchema } from './channel.ts';
import { renderInvitationCalendar } from './invitation-calendar.ts';
import { renderEmail } from './render.ts';
import { responseRequestOf } from './response-request.ts';
import { sentEmailFinder } from './sent-email.ts';

const sendOperation = operationOf(channelVendors.email.vendor, 'email.send');

type Dependencies = Pick<ActivityDependencies, 'providers' | 'responseUrl' | 'sender' | 'replyAddress'>;

/**
 * Creates the email channel. SMTP cannot be queried for sent messages, so the ledger records the handover. Before the
 * handover an email was certainly not sent. After it the journal mailbox decides, or an operator when there is no
 * journal.
 */
export const createEmailChannel = (dependencies: Dependencies): NoticeChannel => {
  const { email } = dependencies.providers;
  return {
    provider: sendOperation.provider,
    operation: sendOperation.name,
    timeouts: emailCallTimeouts,
    steps: (input, beforeHandOver) => {
      const sent = { deliveryId: messageIdFor(input.key) };
      return {
        kind: 'searched',
        result: sentNoticeSchema,
        providerId: ({ deliveryId }) => deliveryId,
        find: sentEmailFinder(email, sent.deliveryId, sent),
        perform: async (handOver, call) => {
          const message = await buildEmail(input, dependencies);
          const begin = async () => {
            await beforeHandOver(1);
            await handOver();
          };
          await email.send(message, begin, call);
          return sent;
        },
      };
    },
    /**
     * An unknown outcome counts as arrived: a needless cancellation is better than a performer at a cancelled
     * audition.
     */
    mayHaveArrived: async (key, _input, { handedOver }, call) =>
      handedOver && (await email.find(messageIdFor(key), call)) !== 'not_sent',
  };
};

type Addressee = Participant & { readonly email: string };

const buildEmail = async (
  input: PreparedNotice,
  { responseUrl, sender, replyAddress }: Dependencies,
): Promise<EmailMessage> => {
  const { key, notice, audition, auditionId, generation, calendarPart = 'none' } = input;
  const recipient = addresseeOf(input.recipient);
  const link = await responseUrl(responseRequestOf(input));
  return {
    messageId: messageIdFor(key),
    to: { name: recipient.name, address: recipient.email },
    ...renderEmail({ kind: notice, recipient, audition, link }),
    ...(calendarPart === 'none'
      ? {}
      : {
          calendar: renderInvitationCalendar(calendarPart, {
            auditionId,
            audition,
            recipient,
            organizer: sender,
            replyAddress: replyAddress?.({ auditionId, participant: recipient.id, generation }),
          }),
        }),
  };
};

const addresseeOf = (recipient: Participant): Addressee => {
  const { email } = recipient;
  if (email !== undefined) return { ...recipient, email };
  const noAddress = { message: 'the participant has no email address: add one or remove the email channel' };
  throw new ProviderError(sendOperation.provider, sendOperation.name, { kind: 'rejected_input' }, noAddress);
};
