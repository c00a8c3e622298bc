/** Decides whether an audition can use an account as its meeting's host, or to book its room. */
import type { Connection } from '../../db/connections/repository.ts';
import { Refusal } from '../../domain/errors.ts';

/** The people for whom a request is made: the participants of its audition. */
export type Cast = readonly { readonly id: string }[];

/**
 * Checks that the owner of the account takes part in the audition. An account without an owner is the organization's. The owner of
 * another one has consented to their own auditions only.
 *
 * @param pointers JSON pointers of the connection in the request
 * @throws {Refusal} `unknown_connection`
 */
export const checkOwnerTakesPart = (
  { id, owner }: Pick<Connection, 'id' | 'owner'>,
  cast: Cast,
  pointers: readonly string[],
): void => {
  if (owner === undefined || cast.some((participant) => participant.id === owner)) return;
  throw new Refusal(
    'unknown_connection',
    `The owner of ${id} does not take part in the audition.`,
    'Name an account of a participant, or one of your organization, which has no owner.',
    pointers,
  );
};
