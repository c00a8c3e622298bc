/** What the repositories throw beside what `pg` throws.  */
import type { AuditionId } from '../domain/ids.ts';

/** The events do not continue the trail: another event stands at that place already, or one is missing before it. */
export class AuditConflict extends Error {
  override readonly name = 'AuditConflict';
  readonly auditionId: AuditionId;
  readonly sequence: number;
  readonly reason: 'different' | 'gap';

  constructor(auditionId: AuditionId, sequence: number, reason: 'different' | 'gap') {
    super(
      reason === 'different'
        ? `the trail of ${auditionId} has another event at ${sequence}`
        : `the trail of ${auditionId} has no event before ${sequence}`,
    );
    this.auditionId = auditionId;
    this.sequence = sequence;
    this.reason = reason;
  }
}

/** One idempotency key was used for two different requests. */
export class KeyReused extends Error {
  override readonly name = 'KeyReused';
  readonly key: string;

  constructor(key: string) {
    super(`the operation key '${key}' was used before, for another request`);
    this.key = key;
  }
}

const overtakers = {
  undo: 'its undo',
  another_attempt: 'another attempt',
  time: 'the end of its lease',
} as const;

/**
 * The attempt does not own its operation any more. From `handOver`: do not make the call. From `complete`: the call
 * was made all the same, beside another one or after its undo, so take its effect back.
 */
export class Overtaken extends Error {
  override readonly name = 'Overtaken';
  readonly key: string;
  readonly by: keyof typeof overtakers;

  constructor(key: string, by: keyof typeof overtakers) {
    super(`an attempt at the operation '${key}' was overtaken by ${overtakers[by]}`);
    this.key = key;
    this.by = by;
  }
}
