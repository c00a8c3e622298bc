/** Decides whether the cast of a running audition can change. Imports no schemas: the workflow's validator uses it. */
import { Refusal } from '../errors.ts';
import type { ParticipantId } from '../ids.ts';

interface CastMemberOutline {
  readonly id: ParticipantId;
  readonly kind: string;
}

type CastChangeOutline =
  | { readonly kind: 'add'; readonly participant: CastMemberOutline }
  | { readonly kind: 'remove'; readonly participant: ParticipantId };

/** The largest number of participants of an audition. */
export const largestCast = 20;

/** Returns the refusal of a change that concerns the performer. An audition belongs to its performer. */
export const performerNotReplaceable = (pointers: readonly string[] = []): Refusal =>
  new Refusal(
    'performer_not_replaceable',
    'The performer of an audition can be neither added, removed nor replaced.',
    'Cancel the audition and request one for the other performer.',
    pointers,
  );

/** Returns why the changes, applied in order, are refused; undefined when all are allowed. */
export const castChangeRefusal = (
  cast: readonly CastMemberOutline[],
  changes: readonly CastChangeOutline[],
): Refusal | undefined => {
  const kinds = new Map(cast.map(({ id, kind }) => [id, kind]));
  for (const change of changes) {
    const refusal = change.kind === 'add' ? refuseAddition(kinds, change) : refuseRemoval(kinds, change);
    if (refusal) return refusal;
    if (change.kind === 'add') kinds.set(change.participant.id, change.participant.kind);
    else kinds.delete(change.participant);
  }
  if (kinds.size <= largestCast) return undefined;
  return new Refusal(
    'participant_limit_reached',
    `An audition has at most ${largestCast} participants.`,
    'Remove a participant first.',
  );
};

type Kinds = ReadonlyMap<ParticipantId, string>;

const refuseAddition = (
  kinds: Kinds,
  { participant: { id, kind } }: Extract<CastChangeOutline, { kind: 'add' }>,
): Refusal | undefined => {
  if (kind === 'performer') return performerNotReplaceable(['/kind']);
  if (!kinds.has(id)) return undefined;
  return new Refusal(
    'duplicate_participant',
    `Participant ${id} takes part in this audition already.`,
    'Replace the participant with PUT, or use another ID.',
    ['/id'],
  );
};

const refuseRemoval = (
  kinds: Kinds,
  { participant }: Extract<CastChangeOutline, { kind: 'remove' }>,
): Refusal | undefined => {
  const kind = kinds.get(participant);
  if (kind === 'performer') return performerNotReplaceable();
  if (kind) return undefined;
  return new Refusal(
    'unknown_participant',
    `'${participant}' does not take part in this audition.`,
    `Use one of ${[...kinds.keys()].join(', ')}.`,
  );
};
