/** Parses the id of an audition as an operator has it: from the API, or from the Temporal Web UI. */
import { InvalidArgumentError } from 'commander';
import { type AuditionId, auditionIdSchema } from '../../../domain/ids.ts';

/** Accepts `aud_…`, the workflow's id, `audition/aud_…`, and the id of one of its attention items, `att_aud_…-1`. @throws {InvalidArgumentError} */
export const parseAuditionId = (text: string): AuditionId => {
  const parsed = auditionIdSchema.safeParse(
    text.replace(/^audition\//, '').replace(/^att_(aud_.+)-\d+$/, '$1'),
  );
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError('Audition ids begin with aud_.');
};
