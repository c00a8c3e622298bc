/** /v1/auditions/{id}/participants: changes the cast of a running audition, except its performer. */
import { type Participant, participantSchema } from '../../../../domain/audition/request.ts';
import { validateAddition } from '../../../../domain/audition/request-validation.ts';
import { type OrganizationId, participantIdSchema } from '../../../../domain/ids.ts';
import type { CastChange } from '../../../../workflows/audition/messages.ts';
import { callerOf } from '../../../access/caller.ts';
import type { Api } from '../../../api.ts';
import { checkConnections } from '../../../auditions/check-connections.ts';
import { sendAuditionCommand } from '../../../auditions/command.ts';
import { conflictHandlingOf } from '../../../auditions/conflict-override.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { auditionParams } from '../../../schemas/audition.ts';
import { commandSchema, runCommand, runningRefusals } from './command-route.ts';

const participantParams = auditionParams.extend({ participant: participantIdSchema });

const changeRefusals = [...runningRefusals, 'move_in_progress', 'move_aborted'] as const;
const additionRefusals = [
  ...changeRefusals,
  'performer_not_replaceable',
  'participant_limit_reached',
  'unknown_zone',
  'channel_without_address',
  'unknown_connection',
  'slot_taken',
] as const;

/** Registers the routes. The workflow checks what depends on the present cast, with `castChangeRefusal`. */
export const auditionParticipants = (api: Api, dependencies: ApiDependencies): void => {
  const { connections } = dependencies.repositories;

  /** Throws `Refusal` for a participant whom a request for an audition could not contain, and for a performer. */
  const admit = async (organization: OrganizationId, participant: Participant): Promise<void> => {
    validateAddition(participant);
    await checkConnections(connections, organization, [participant], () => '');
  };

  const change = (
    exchange: Parameters<typeof runCommand>[1],
    changes: readonly CastChange[],
  ): ReturnType<typeof runCommand> =>
    runCommand(dependencies, exchange, async (target, context, attempt) => {
      if (!attempt.accepted) {
        for (const one of changes) {
          if (one.kind === 'add') await admit(target.organization, one.participant);
        }
      }
      const conflicts = (await conflictHandlingOf(dependencies, callerOf(exchange.request))) ?? {};
      return sendAuditionCommand(
        dependencies,
        target,
        'participants',
        () => ({ name: 'participants', command: { ...context, changes, conflicts } }),
        attempt,
      );
    });

  api.post(
    '/v1/auditions/:id/participants',
    {
      schema: {
        ...commandSchema('addParticipant', 'Add a participant', [
          ...additionRefusals,
          'duplicate_participant',
        ]),
        description: 'Holds the time of the participant, writes the calendar event and sends the invitation.',
        body: participantSchema,
      },
    },
    async (request, reply) =>
      change({ request, reply, route: `POST /v1/auditions/${request.params.id}/participants` }, [
        { kind: 'add', participant: request.body },
      ]),
  );
  api.put(
    '/v1/auditions/:id/participants/:participant',
    {
      schema: {
        ...commandSchema('replaceParticipant', 'Replace a participant', [
          ...additionRefusals,
          'duplicate_participant',
          'unknown_participant',
        ]),
        description:
          'With another person, or with other details of the same person when the body has the same ID.',
        params: participantParams,
        body: participantSchema,
      },
    },
    async (request, reply) => {
      const { id, participant } = request.params;
      return change({ request, reply, route: `PUT /v1/auditions/${id}/participants/${participant}` }, [
        { kind: 'remove', participant },
        { kind: 'add', participant: request.body },
      ]);
    },
  );
  api.delete(
    '/v1/auditions/:id/participants/:participant',
    {
      schema: {
        ...commandSchema('removeParticipant', 'Remove a participant', [
          ...changeRefusals,
          'performer_not_replaceable',
          'unknown_participant',
        ]),
        description: 'Removes the calendar event and sends a cancellation to the participant.',
        params: participantParams,
      },
    },
    async (request, reply) => {
      const { id, participant } = request.params;
      return change({ request, reply, route: `DELETE /v1/auditions/${id}/participants/${participant}` }, [
        { kind: 'remove', participant },
      ]);
    },
  );
};
