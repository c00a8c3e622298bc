/** Brings the cast of a plan in line with the audit trail. Imports no schemas: the workflow uses it. */
import type { AuditionPlan } from './plan.ts';
import type { Participant } from './request.ts';
import type { ParticipantView } from './view.ts';

/** Returns a participant with what the trail knows: no name and no channels, so that no notice can be sent. */
export const participantFromTrail = ({
  id,
  kind,
  zone,
  required,
}: Pick<ParticipantView, 'id' | 'kind' | 'zone' | 'required'>): Participant => ({
  id,
  kind,
  name: id,
  zone,
  locale: 'en',
  channels: [],
  required,
});

/**
 * Returns the participants of the trail, with the details of the plan. A plan from before a change of the cast lacks
 * participants who were added since.
 */
export const presentCast = (
  planned: readonly Participant[],
  present: readonly ParticipantView[],
): readonly Participant[] => [
  ...planned.filter(({ id }) => present.some((participant) => participant.id === id)),
  ...unknownParticipants(planned, present).map(participantFromTrail),
];

/** Returns the participants of the plan who are not in the trail any more, with those who were removed before. */
export const formerCast = (
  { participants, formerParticipants = [] }: Pick<AuditionPlan, 'participants' | 'formerParticipants'>,
  present: readonly Pick<ParticipantView, 'id'>[],
): readonly Participant[] => {
  const left = [...participants, ...formerParticipants];
  return left.filter(({ id }) => !present.some((participant) => participant.id === id));
};

/** Returns the participants of the trail whose details the plan lacks. */
export const unknownParticipants = (
  planned: readonly Participant[],
  present: readonly ParticipantView[],
): readonly ParticipantView[] =>
  present.filter(({ id }) => !planned.some((participant) => participant.id === id));
