/**
 * The notices that are being sent or wait for an operator. A move withdraws them, because they state the old time. When
 * the move is reverted, they are sent after all.
 */
import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { NoticeFacts } from '../../activities/contract.ts';
import type { NoticeKind } from '../../domain/audition/events.ts';
import type { Channel } from '../../domain/audition/request.ts';
import type { ParticipantId } from '../../domain/ids.ts';

export interface NoticeBatch {
  readonly notice: Exclude<NoticeKind, 'cancellation'>;
  /** Distinguishes this batch from others of the same kind in idempotency keys: `r1`, `r2:86400000`. */
  readonly label: string;
  /** The recipients. Default: all participants. */
  readonly to?: readonly ParticipantId[] | undefined;
  readonly reason?: string | undefined;
  /** What an update tells, when the time is the same. */
  readonly changed?: NoticeFacts['changed'];
  /** How long before the start the reminder was planned, in milliseconds. */
  readonly offsetMs?: number | undefined;
}

export interface OpenNotice {
  readonly key: string;
  readonly batch: NoticeBatch;
  readonly recipient: ParticipantId;
  readonly channel: Channel;
}

export interface OpenNotices {
  add(notice: OpenNotice): void;
  has(key: string): boolean;
  remove(key: string): void;
  /** Removes the notices to a participant on these channels. What is being sent is not stopped. */
  removeOf(recipient: ParticipantId, channels: readonly Channel[]): void;
  /** Runs the work until it is done or the open notices are withdrawn. Returns undefined when they were withdrawn. */
  untilWithdrawn<Result>(work: () => Promise<Result>): Promise<Result | undefined>;
  /** Withdraws all open notices and returns them. */
  withdrawAll(): readonly OpenNotice[];
}

/** Creates an empty set. */
export const createOpenNotices = (): OpenNotices => {
  let open: readonly OpenNotice[] = [];
  let sending = new Set<CancellationScope>();
  return {
    add(notice) {
      open = [...open.filter(({ key }) => key !== notice.key), notice];
    },
    has: (key) => open.some((notice) => notice.key === key),
    remove(key) {
      open = open.filter((notice) => notice.key !== key);
    },
    removeOf(recipient, channels) {
      open = open.filter((notice) => notice.recipient !== recipient || !channels.includes(notice.channel));
    },
    async untilWithdrawn(work) {
      const scope = new CancellationScope();
      const generation = sending;
      generation.add(scope);
      try {
        return await scope.run(work);
      } catch (error) {
        if (isCancellation(error) && sending !== generation) return undefined;
        throw error;
      } finally {
        generation.delete(scope);
      }
    },
    withdrawAll() {
      const withdrawn = open;
      const stopped = sending;
      open = [];
      sending = new Set();
      for (const scope of stopped) scope.cancel();
      return withdrawn;
    },
  };
};
