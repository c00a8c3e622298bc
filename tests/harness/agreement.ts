/**
 * Compares four sources about all auditions of a service: the API, the database, Temporal and the vendors. Returns each
 * disagreement as a sentence that names the audition. Ask when the service is quiet: nothing may be in progress.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { AuditionView } from '../../domain/audition/view.ts';
import { databaseDisagreements } from './agreement/database.ts';
import { messageDisagreements } from './agreement/messages.ts';
import { type KnownAudition, readAuditions, type Sources } from './agreement/sources.ts';
import { temporalDisagreements } from './agreement/temporal.ts';
import { vendorDisagreements } from './agreement/vendors.ts';
import { eventually } from './eventually.ts';
import { noteProgress } from './progress.ts';

export type { Sources } from './agreement/sources.ts';

/** What a caller was promised by an answer of the API. */
export interface Promised {
  readonly id: string;
  /** Describes the promise. */
  readonly promise: string;
  readonly isKept: (view: AuditionView) => boolean;
}

/** Returns all disagreements. */
const findDisagreements = async (
  sources: Sources,
  promises: readonly Promised[] = [],
): Promise<readonly string[]> => {
  const auditions = await readAuditions(sources);
  return [
    ...brokenPromises(auditions, promises),
    ...(await databaseDisagreements(sources, auditions)),
    ...(await temporalDisagreements(sources, auditions)),
    ...(await vendorDisagreements(sources, auditions)),
    ...(await messageDisagreements(sources, auditions)),
  ];
};

const brokenPromises = (
  auditions: readonly KnownAudition[],
  promises: readonly Promised[],
): readonly string[] =>
  promises.flatMap(({ id, promise, isKept }) => {
    const view = auditions.find((audition) => audition.view.id === id)?.view;
    if (!view) return [`${id}: the API answered '${promise}', and does not list the audition`];
    return isKept(view)
      ? []
      : [`${id}: the API answered '${promise}', and shows ${view.state} ${view.outcome ?? ''}`];
  });

/**
 * Waits until the sources agree. After a fault, the service completes what was interrupted within the patience of its
 * steps.
 * @param tend does what operators do meanwhile, such as resolving attention items
 * @throws Error listing the disagreements that are left after `withinMs` milliseconds
 */
export const untilSourcesAgree = async (
  sources: Sources,
  withinMs: number,
  tend: () => Promise<unknown>,
  promises: readonly Promised[] = [],
): Promise<void> => {
  let left: readonly string[] = [];
  await eventually(
    async () => {
      await tend();
      left = await findDisagreements(sources, promises);
      noteProgress(`disagreements: ${left.join('\n')}`);
      if (left.length > 0) await pause(1_000);
      return left.length === 0;
    },
    withinMs,
    () => `The sources disagree:\n${left.join('\n')}`,
  );
};
