/** Decides which parked webhooks an erasure erases: those about the person, and those that can be about anyone. */
import type { ParkedWebhook } from '../../db/inbox/parked-contents.ts';
import { auditionOfInvitation } from '../../domain/audition/invitation-uid.ts';
import type { AuditionId, ConnectionId } from '../../domain/ids.ts';
import { readSchedulingMessage } from '../../providers/icalendar/scheduling-message.ts';
import { readReceivedMail } from '../../providers/smtp/received-mail.ts';
import type { ApiDependencies } from '../dependencies.ts';

/** What is erased. */
interface ErasedData {
  readonly auditions: ReadonlySet<AuditionId>;
  readonly connections: ReadonlySet<ConnectionId>;
  /** The ids of the meetings of these auditions. */
  readonly meetings: ReadonlySet<string>;
}

type Routing = Pick<ApiDependencies['repositories']['inboxRouting'], 'usersOfMeeting'>;

/**
 * Returns a function that decides whether a webhook must be erased. Names and addresses cannot be compared, because none are stored. So
 * a webhook that can name a person is kept only when it is known to be about another audition or connection.
 */
export const concernsPerson =
  (routing: Routing, { auditions, connections, meetings }: ErasedData) =>
  async ({ provider, event: received }: ParkedWebhook): Promise<boolean> => {
    if (!received) return true;
    const { kind, event } = received;
    switch (kind) {
      case 'message.received':
      case 'connection.deauthorized':
        return true;
      case 'mail.received':
        return (await auditionsOfMail(event.message)).every((id) => id === undefined || auditions.has(id));
      case 'meeting.participant_joined':
      case 'meeting.participant_left':
        return (
          meetings.has(event.meetingId) ||
          (await routing.usersOfMeeting(provider, event.meetingId)) === undefined
        );
      case 'calendar.changed':
      case 'subscription.reauthorization_required':
      case 'subscription.removed':
      case 'subscription.missed':
      case 'connection.restored':
      case 'connection.disconnected':
        return connections.has(event.connection);
      case 'link.joined':
      case 'performer.admitted':
      case 'link.revoked':
      case 'recording.consented':
      case 'room.left':
        return auditions.has(event.audition);
      // They contain ids of messages and meetings, and our own address.
      case 'message.status':
      case 'mail.subscription':
      case 'meeting.started':
      case 'meeting.ended':
      case 'meeting.deleted':
      case 'meeting.changed':
      case 'recording.completed':
        return false;
    }
  };

/** Returns the auditions whose invitations the mail answers. Undefined for an answer to another invitation. */
const auditionsOfMail = async (message: string): Promise<readonly (AuditionId | undefined)[]> => {
  const mail = await readReceivedMail(Buffer.from(message, 'base64'));
  return (mail?.calendars ?? [])
    .map(({ text, method }) => readSchedulingMessage(text, method))
    .flatMap((read) =>
      read.kind === 'answers' ? read.answers.map(({ uid }) => auditionOfInvitation(uid)) : [],
    );
};
