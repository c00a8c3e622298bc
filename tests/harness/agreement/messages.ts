/** Compares what the API shows with the messages that participants received. */
import { z } from 'zod';
import { messageIdFor, textReference } from '../../../activities/effects/deterministic-ids.ts';
import type { AuditionFact } from '../../../domain/audition/events.ts';
import type { Channel } from '../../../domain/audition/request.ts';
import type { AuditionView } from '../../../domain/audition/view.ts';
import { readMails } from '../mail-server.ts';
import type { KnownAudition, Sources } from './sources.ts';

/** A message that arrived. */
interface Arrived {
  /** Its delivery id. */
  readonly id: string;
  /** The reference that only the attempts at one notice share. */
  readonly reference: string;
}

/** A notice in the ledger, with what its key says. */
interface Notice {
  readonly audition: string;
  readonly kind: string;
  readonly participant: string;
  readonly channel: Channel;
  readonly reference: string;
  /** Whether the ledger knows that it was sent. A cancelled attempt can still be delivered later. */
  readonly isKnownSent: boolean;
}

/** Returns the disagreements. */
export const messageDisagreements = async (
  sources: Sources,
  auditions: readonly KnownAudition[],
): Promise<readonly string[]> => {
  const arrived = [...(await readEmails(sources)), ...readTexts(sources)];
  const notices = await readNotices(sources);
  const byReference = new Map(notices.map((notice) => [notice.reference, notice]));
  return [
    ...duplicatesIn(arrived.map(({ reference }) => reference)).map((reference) => {
      const { audition, kind, participant } = byReference.get(reference) ?? {};
      return `${audition}: the ${kind} to ${participant} arrived twice`;
    }),
    ...arrived
      .filter(({ reference }) => !byReference.has(reference))
      .map(({ id }) => `the message ${id} arrived, and the ledger does not know it`),
    ...auditions.flatMap(({ view }) => missing(view, arrived)),
    ...auditions.flatMap((audition) =>
      knowledgeOf(
        audition,
        arrived.flatMap(({ id, reference }) => {
          const notice = byReference.get(reference);
          return notice?.audition === audition.view.id ? [{ ...notice, id }] : [];
        }),
      ),
    ),
  ];
};

const duplicatesIn = (items: readonly string[]): readonly string[] => [
  ...new Set(items.filter((item, index) => items.indexOf(item) !== index)),
];

/** The oldest first. */
const readEmails = async ({ mailServer }: Sources): Promise<readonly Arrived[]> =>
  (await readMails(mailServer.apiUrl)).map(({ headers: { 'message-id': id } }) => ({ id, reference: id }));

/** The oldest first, too: the sandbox lists the newest first, as Twilio does. */
const readTexts = ({ sandbox }: Sources): readonly Arrived[] =>
  sandbox.control
    .state()
    .twilio.messages.filter(({ direction }) => direction === 'outbound-api')
    .toReversed()
    .map(({ sid, body }) => ({ id: sid, reference: body.slice(-referenceLength) }));

const referenceLength = textReference('').length;

const keysSchema = z.array(z.object({ key: z.string(), state: z.string() }));
/** `audition/{id}:{notice}:{participant}:{channel}:…` */
const keyPattern = /^audition\/([^:]+):([^:]+):([^:]+):(email|sms)(?::|$)/;

const readNotices = async ({ database }: Sources): Promise<readonly Notice[]> => {
  const { rows } = await database.pool.query(
    `SELECT key, state FROM operations WHERE operation IN ('email.send', 'textMessages.send')`,
  );
  return keysSchema.parse(rows).flatMap(({ key, state }): readonly Notice[] => {
    const [, audition = '', kind = '', participant = '', channel] = keyPattern.exec(key) ?? [];
    const notice = { audition, kind, participant, isKnownSent: state !== 'open' };
    if (channel === 'email') return [{ ...notice, channel, reference: messageIdFor(key) }];
    return channel === 'sms' ? [{ ...notice, channel, reference: textReference(key) }] : [];
  });
};

const missing = ({ id, notices }: AuditionView, arrived: readonly Arrived[]): readonly string[] =>
  notices
    .filter(({ deliveryId }) => !arrived.some((message) => message.id === deliveryId))
    .map(
      ({ notice, participant, channel }) => `${id}: the ${notice} to ${participant} by ${channel} is missing`,
    );

interface Received extends Notice {
  readonly id: string;
}

/** Each participant must know the present slot of an open audition, and the end of one that was undone. */
const knowledgeOf = (
  { view, trail, stands, decliner }: KnownAudition,
  received: readonly Received[],
): readonly string[] => {
  const decisive = received.filter(({ kind }) => kind !== 'reminder');
  const channels = new Set(decisive.map(({ participant, channel }) => `${participant} ${channel}`));
  const last = [...channels].flatMap(
    (one) => decisive.findLast(({ participant, channel }) => `${participant} ${channel}` === one) ?? [],
  );
  if (!stands) {
    return last
      .filter(({ kind, participant }) => kind !== 'cancellation' && participant !== decliner)
      .map(({ participant, channel }) => `${view.id}: ${participant} was not told the end by ${channel}`);
  }
  if (view.state === 'closed') return [];
  const removed = last.filter(
    ({ kind, participant }) =>
      kind !== 'cancellation' && !view.participants.some(({ id }) => id === participant),
  );
  // Reset before the invitations, and the session began while an operator was asked: it is not announced any more.
  const has = (type: AuditionFact['type']) => trail.some(({ fact }) => fact.type === type);
  if (received.length === 0 && has('taken_over') && has('session_started')) return [];
  const wasSkipped = trail.some(({ fact }) => fact.type === 'step_skipped' && fact.step === 'invitation');
  const untold = view.participants.flatMap(({ id, answer }) => {
    if (wasSkipped || answer !== 'none') return [];
    const told = last.filter(({ participant }) => participant === id);
    if (told.length === 0) return [`${view.id}: ${id} was not told of the audition`];
    const knownSent = decisive.filter((message) => message.isKnownSent);
    return told
      .filter((message) => {
        const lastKnown = knownSent.findLast(
          ({ participant, channel }) => participant === id && channel === message.channel,
        );
        return ![message, lastKnown ?? message].some((one) => announcesSlot(view, one));
      })
      .map(({ channel }) => `${view.id}: the last message to ${id} by ${channel} is not about the slot`);
  });
  return [
    ...untold,
    ...removed.map(({ participant }) => `${view.id}: ${participant} was removed and not told`),
  ];
};

const announcesSlot = ({ notices, announcedAs }: AuditionView, message: Received): boolean =>
  notices.some(({ deliveryId, revision }) => deliveryId === message.id && announcedAs.includes(revision));
