/** Logs the attention items of recordings. Those of auditions are logged with their facts. */
import type { RecordingDependencies } from '../../activities/recordings/dependencies.ts';
import type { Logger } from '../../foundation/observability/logger.ts';

/** Returns the function that reports an item. */
export const createRecordingAttentionReport =
  (logger: Pick<Logger, 'warn'>): RecordingDependencies['reportAttention'] =>
  ({ organization, auditionId, item: { id, step, code, provider, overdue } }) =>
    logger.warn(
      { organization, auditionId, attention: id, step, code, provider },
      overdue ? 'attention item overdue' : 'attention item raised',
    );
