/** Formats the result of a replay: one line for a history that replays, a paragraph for one that does not. */
import { styleText } from 'node:util';
import type { RecordedEvent, Replayed } from '../../../workers/replay/replayer.ts';

/** Returns the lines to print for one history. */
export const reportLines = ({ workflowId, events, verdict }: Replayed): readonly string[] => {
  switch (verdict.kind) {
    case 'same':
      return [`${styleText('green', 'same')}      ${workflowId}  ${events} events`];
    case 'diverged':
      return [
        `${styleText('red', 'diverges')}  ${workflowId}  at ${placeOf(verdict.at)}`,
        `          recorded  ${verdict.at?.recorded ?? 'unknown'}`,
        `          now       ${verdict.now}`,
        `          the SDK   ${verdict.reason}`,
      ];
    case 'broken':
      return [
        `${styleText('red', 'fails')}     ${workflowId}  at ${placeOf(verdict.at)}`,
        `          why       ${verdict.reason}`,
      ];
  }
};

const placeOf = (place: RecordedEvent | undefined): string =>
  place ? `event ${place.eventId}, ${place.eventType}` : 'an unknown event';

/** Returns the last line of the report: number of histories, outcome and rate. */
export const summaryOf = (replayed: readonly Replayed[], elapsedMs: number): string => {
  const bad = replayed.filter(({ verdict }) => verdict.kind !== 'same').length;
  const rate = ((1_000 * replayed.length) / elapsedMs).toFixed(0);
  const outcome =
    bad === 0 ? styleText('green', 'all replay as recorded') : styleText('red', `${bad} do not replay`);
  const count = replayed.length === 1 ? '1 history' : `${replayed.length} histories`;
  return `${count}, ${outcome}, ${rate} a second`;
};
