/** Logs the facts that are appended to the trails of auditions. */
import type { AuditionEvent } from '../../domain/audition/events.ts';
import type { AuditionId } from '../../domain/ids.ts';
import { currentCorrelation } from './correlation.ts';

interface FactLogger {
  info(about: Readonly<Record<string, unknown>>, message: string): void;
}

/**
 * Returns an observer of appends that writes one line for the facts of each append, with their types. What they say is
 * in the trail: it can name people. The correlation id is that of the work that appended them. `causedBy` is the id of
 * another request or webhook that the facts follow from.
 */
export const createFactLog =
  (logger: FactLogger) =>
  (auditionId: AuditionId, appended: readonly AuditionEvent[]): void => {
    const byCause = Map.groupBy(appended, ({ correlationId, principal }) =>
      JSON.stringify([correlationId, principal]),
    );
    for (const events of byCause.values()) {
      const [{ correlationId: cause, principal } = { correlationId: '', principal: undefined }] = events;
      const correlationId = currentCorrelation()?.correlationId ?? cause;
      logger.info(
        {
          correlationId,
          ...(cause === correlationId ? {} : { causedBy: cause }),
          auditionId,
          ...(principal === undefined ? {} : { principal }),
          facts: events.map(({ fact }) => fact.type),
          sequence: events.at(-1)?.sequence,
        },
        'facts appended',
      );
    }
  };
