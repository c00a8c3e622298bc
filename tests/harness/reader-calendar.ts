/** Plays with the calendar of the reader, a participant who is reached by email. */
import { type Participant, participantSchema } from '../../domain/audition/request.ts';
import * as messages from '../../workflows/audition/messages.ts';
import { participantId } from './audition-plan.ts';
import { apiCommand, type RunningAudition } from './workflow-harness.ts';

export const readerId = participantId('reader-1');
export const connected = { provider: 'google', connection: 'conn_reader', calendarId: 'primary' } as const;

export const invited = ({ until }: RunningAudition) => until(({ notices }) => notices.length === 4);

/** Gives the reader, who is reached by email, another calendar, and other details. */
export const changeCalendar = (
  { send, plan }: RunningAudition,
  calendar?: Participant['calendar'],
  details: Partial<Pick<Participant, 'email' | 'phone' | 'channels'>> = {},
) =>
  send(messages.participantsUpdate, {
    ...apiCommand,
    changes: [
      { kind: 'remove', participant: readerId },
      {
        kind: 'add',
        participant: participantSchema.parse({
          ...plan.participants.find(({ id }) => id === readerId),
          calendar,
          ...details,
        }),
      },
    ],
  });

/** Waits for the question of the only step that has failed, and answers it. */
export const resolveItem = async ({ until, send }: RunningAudition, action: 'skip' | 'abort') => {
  const { attention } = await until((view) => view.attention.length === 1);
  const [item] = attention;
  if (!item) throw new Error('no attention item');
  await send(messages.resolveAttentionUpdate, {
    ...apiCommand,
    id: item.id,
    action,
    by: 'operator',
  });
};

export const skip = (played: RunningAudition) => resolveItem(played, 'skip');

/** Reports that the account of the reader is connected again. */
export const restore = ({ handle }: RunningAudition, inboxId: string) =>
  handle.signal(messages.connectionRestoredSignal, {
    connection: connected.connection,
    inboxId,
    correlationId: 'reconnected',
  });

export const updatesOf = ({ world }: RunningAudition) =>
  world.notices.filter((key) => key.includes(`:update:${readerId}:`));
