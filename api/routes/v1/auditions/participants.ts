/** /v1/auditions/{id}/participants: changes the cast of a running audition, except its performer. */
import { withCanonicalAddresses } from '../../../../domain/audition/canonical-addresses.ts';
import {
  type Participant,
  type RequestedParticipant,
  requestedParticipantSchema,
} from '../../../../domain/audition/request.ts';
import { validateAddition } from '../../../../domain/audition/request-validation.ts';
import { withRequirement } from '../../../../domain/audition/requirement.ts';
import { effectiveLimits } from '../../../../domain/budgets/message-limits.ts';
import { type OrganizationId, participantIdSchema } from '../../../../domain/ids.ts';
import type { CastChange } from '../../../../workflows/audition/messages.ts';
import { callerOf } from '../../../access/caller.ts';
import type { Api } from '../../../api.ts';
import { sendAuditionCommand } from '../../../auditions/command.ts';
import { conflictHandlingOf } from '../../../auditions/conflict-override.ts';
import { resolveParticipantCalendars } from '../../../auditions/participant-calendars.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { auditionParams } from '../../../schemas/audition.ts';
import { commandSchema, runCommand, runningRefusals } from './command-route.ts';

const participantBody = requestedParticipantSchema.meta({
  id: 'Participant',
  description: 'A person who takes part in the audition',
});

const participantParams = auditionParams.extend({ participant: participantIdSchema });

const changeRefusals = [...runningRefusals, 'move_in_progress', 'move_aborted'] as const;
const additionRefusals = [
  ...changeRefusals,
  'performer_not_replaceable',
  'participant_limit_reached',
  'unknown_zone',
  'channel_without_address',
  'country_not_allowed',
  'unknown_connection',
  'calendar_not_chosen',
  'slot_taken',
] as const;

/** Registers the routes. The workflow checks what depends on the present cast, with `castChangeRefusal`. */
export const auditionParticipants = (api: Api, dependencies: ApiDependencies): void => {
  const { configuration, repositories } = dependencies;
  const { connections, organizations } = repositories;

  /**
   * Returns the participant with its calendars. Throws `Refusal` for a participant whom a request for an audition could
   * not contain, and for a performer, unless the request was accepted before.
   */
  const admit = async (
    organization: OrganizationId,
    requested: RequestedParticipant,
    wasAccepted: boolean,
  ): Promise<readonly Participant[]> => {
    const resolved = await resolveParticipantCalendars([requested], {
      connections,
      organization,
      pointerOf: () => '',
      wasAccepted,
    });
    const { smsCountries } = effectiveLimits(
      configuration.messageLimits,
      await organizations.limits(organization),
    );
    return resolved
      .map(withRequirement)
      .map((participant) =>
        wasAccepted
          ? withCanonicalAddresses(participant, '')
          : validateAddition(participant, { smsCountries }),
      );
  };

  const change = (
    exchange: Parameters<typeof runCommand>[1],
    removals: readonly CastChange[],
    addition?: RequestedParticipant,
  ): ReturnType<typeof runCommand> =>
    runCommand(dependencies, exchange, async (target, context, attempt) => {
      const wasAccepted = attempt.accepted !== undefined;
      const added = addition ? await admit(target.organization, addition, wasAccepted) : [];
      const additions = added.map((participant): CastChange => ({ kind: 'add', participant }));
      const changes = [...removals, ...additions];
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
        body: participantBody,
      },
    },
    async (request, reply) =>
      change(
        { request, reply, route: `POST /v1/auditions/${request.params.id}/participants` },
        [],
        request.body,
      ),
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
        body: participantBody,
      },
    },
    async (request, reply) => {
      const { id, participant } = request.params;
      return change(
        { request, reply, route: `PUT /v1/auditions/${id}/participants/${participant}` },
        [{ kind: 'remove', participant }],
        request.body,
      );
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
