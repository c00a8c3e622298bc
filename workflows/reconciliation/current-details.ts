/** Describes a reconciliation in the Web UI. Contains ids only. */
import type { ReconciliationResult } from './messages.ts';

/** Returns the result as the workflow's current details, in Markdown. */
export const describeResult = ({ compared, findings, failed, isIncomplete }: ReconciliationResult): string =>
  [
    `Compared ${compared} records. Repaired ${findings.length}, failed to repair ${failed.length}.`,
    ...findings.map(({ auditionId, fault, repair }) => `- ${auditionId}: ${fault}, ${repair}`),
    ...failed.map(
      ({ auditionId, fault }) => `- ${auditionId}: ${fault}, **not repaired**; the next run tries again`,
    ),
    ...(isIncomplete ? ['There were more. The next run repairs them.'] : []),
  ].join('\n');
