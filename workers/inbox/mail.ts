/**
 * Delivers a received email to the audition whose invitation it answers (RFC 5546, RFC 6047). Decides what kind of mail it
 * is. Mail that a person must read is parked, with the reason; other mail is settled.
 */
import type { InvitationReplies } from '../../db/inbox/invitation-replies.ts';
import { auditionOfInvitation } from '../../domain/audition/invitation-uid.ts';
import type { ProposedTime, ReportedAnswer } from '../../domain/audition/reported-answer.ts';
import type { AuditionId, ParticipantId } from '../../domain/ids.ts';
import type { ReplyAddresses } from '../../foundation/links/reply-address.ts';
import {
  type InvitationAnswer,
  readSchedulingMessage,
  type SchedulingMessage,
} from '../../providers/icalendar/scheduling-message.ts';
import { type ReceivedMail, readReceivedMail } from '../../providers/smtp/received-mail.ts';

/** The result of reading an email. The reasons are codes for the operator; docs/runbooks/webhooks.md explains them. */
export type MailVerdict =
  | { readonly kind: 'answer'; readonly audition: AuditionId; readonly report: MailedAnswer }
  | { readonly kind: 'proposal'; readonly audition: AuditionId; readonly report: MailedProposal }
  /** No person needs to read it. */
  | {
      readonly kind: 'settled';
      readonly reason: 'automatic_reply' | 'delivery_notification' | 'unsolicited';
    }
  | { readonly kind: 'parked'; readonly reason: MailParkedReason }
  /** No email of the audition is recorded yet. */
  | { readonly kind: 'not_yet_known' };

type MailedAnswer = Pick<ReportedAnswer, 'participant' | 'answer' | 'revision' | 'at'>;
type MailedProposal = Pick<ProposedTime, 'participant' | 'slot' | 'answer' | 'revision'>;

export type MailParkedReason =
  | 'mail_unreadable'
  | 'mail_without_answer'
  | 'calendar_unreadable'
  | 'method_missing'
  | 'method_not_handled'
  | 'several_answers'
  | 'answer_to_occurrence'
  | 'answer_unclear'
  | 'not_our_invitation'
  | 'reply_not_authentic'
  | 'other_attendee';

export interface MailDependencies {
  readonly invitationReplies: InvitationReplies;
  /** Undefined: no reply address is configured, so no tag is valid. */
  readonly replyAddresses: ReplyAddresses | undefined;
}

const parked = (reason: MailParkedReason): MailVerdict => ({ kind: 'parked', reason });

/**
 * Reads the email.
 * @param envelope the recipients of the envelope, as far as the mail service has told them
 * @throws when the database does not answer.
 */
export const readMail = async (
  dependencies: MailDependencies,
  raw: Uint8Array,
  envelope: readonly string[],
): Promise<MailVerdict> => {
  const mail = await readReceivedMail(raw);
  if (!mail) return parked('mail_unreadable');
  const recipients = [...envelope, ...mail.recipients];
  const hasTag = tagsIn(dependencies, recipients).length > 0;
  if (mail.calendars.length === 0) return withoutCalendar(mail, hasTag);
  const messages = mail.calendars.map(({ text, method }) => readSchedulingMessage(text, method));
  const answers = answersIn(messages);
  const [answer, ...others] = answers;
  if (!answer) return withoutAnswer(mail, messages, hasTag);
  if (others.length > 0) return parked('several_answers');
  return identify(dependencies, answer, recipients);
};

const tagsIn = ({ replyAddresses }: MailDependencies, addresses: readonly string[]): readonly string[] =>
  replyAddresses?.tagsIn(addresses) ?? [];

/** Strangers send mail to every address. Mail to the address of one participant is from a person who has the invitation. */
const withoutCalendar = ({ nature }: ReceivedMail, hasTag: boolean): MailVerdict => {
  if (nature !== 'written') return { kind: 'settled', reason: nature };
  return hasTag ? parked('mail_without_answer') : { kind: 'settled', reason: 'unsolicited' };
};

const withoutAnswer = (
  { nature }: ReceivedMail,
  messages: readonly SchedulingMessage[],
  hasTag: boolean,
): MailVerdict => {
  // A delivery report can contain the invitation that was not delivered.
  if (nature === 'delivery_notification') return { kind: 'settled', reason: nature };
  if (!hasTag) return { kind: 'settled', reason: 'unsolicited' };
  if (messages.some(({ kind }) => kind === 'other_method')) return parked('method_not_handled');
  const unreadable = messages.find((message) => message.kind === 'unreadable');
  return parked(unreadable?.reason ?? 'calendar_unreadable');
};

interface ReadAnswer extends InvitationAnswer {
  readonly method: 'REPLY' | 'COUNTER';
}

/** Programs write the same answer twice: as an alternative of the text, and as an attachment. */
const answersIn = (messages: readonly SchedulingMessage[]): readonly ReadAnswer[] => {
  const answers = messages.flatMap((message) =>
    message.kind === 'answers'
      ? message.answers.map((answer) => ({ ...answer, method: message.method }))
      : [],
  );
  return [...new Map(answers.map((answer) => [JSON.stringify(answer), answer])).values()];
};

/** Finds the invitation. Only its UID and its tag count: a From can be forged. */
const identify = async (
  dependencies: MailDependencies,
  answer: ReadAnswer,
  recipients: readonly string[],
): Promise<MailVerdict> => {
  const { invitationReplies, replyAddresses } = dependencies;
  const audition = auditionOfInvitation(answer.uid);
  if (!audition) return parked('not_our_invitation');
  const addresses = [...recipients, ...(answer.organizer === undefined ? [] : [answer.organizer])];
  const tags = tagsIn(dependencies, addresses);
  if (tags.length === 0) return parked('reply_not_authentic');
  const invited = await invitationReplies.emailedParticipants(audition);
  if (invited.length === 0) return { kind: 'not_yet_known' };
  // The tag of a person who has left is not that of the next one with the same id.
  const invitee = invited.find(({ participant, generation }) =>
    tags.some((tag) => replyAddresses?.isTagOf(tag, { auditionId: audition, participant, generation })),
  );
  if (!invitee) return parked('reply_not_authentic');
  if (answer.isOccurrence) return parked('answer_to_occurrence');
  const isOwn = await Promise.all(answer.attendees.map(({ address }) => invitee.isAddress(address)));
  const own = answer.attendees.find((_attendee, at) => isOwn[at]);
  // A person who got the invitation forwarded answers for another one.
  if (!own) return parked('other_attendee');
  const revision = await invitationReplies.revisionOf(audition, {
    sequence: answer.sequence,
    start: answer.slot?.start,
  });
  return verdictOf(answer, { audition, participant: invitee.participant, answer: own.answer, revision });
};

const verdictOf = (
  { method, slot, at }: ReadAnswer,
  {
    audition,
    participant,
    answer,
    revision,
  }: {
    readonly audition: AuditionId;
    readonly participant: ParticipantId;
    readonly answer: ReportedAnswer['answer'] | undefined;
    readonly revision: number;
  },
): MailVerdict => {
  if (method === 'COUNTER') {
    return { kind: 'proposal', audition, report: { participant, revision, slot, answer } };
  }
  if (!answer) return parked('answer_unclear');
  return { kind: 'answer', audition, report: { participant, answer, revision, at } };
};
