/** Says what a change of a session block means for the auditions whose slots were chosen from it. */
import type { SessionBlockChange } from '../../domain/audition/session-block-change.ts';
import type { Slot, SlotSpec } from '../../domain/audition/slot.ts';
import { clockMsOf } from '../../domain/session-blocks/clock-times.ts';
import type { Session, SessionBlock } from '../../domain/session-blocks/session-block.ts';
import type { Outside } from '../../domain/session-blocks/session-slots.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { day, minute } from '../../domain/time/units.ts';
import { instantOfClock, sessionsIn } from '../../providers/icalendar/session-occurrences.ts';

/** As far ahead as auditions can be. */
const reach = 2 * 366 * day;
/** The longest window of a search. */
const longestSearch = 31 * day;

interface BlockSession extends Session {
  readonly block: SessionBlock;
}

/** Returns the report to an audition. `outside` is undefined when its slot is in a session. */
export type ReportTo = (slot: Slot, outside: Outside | undefined) => SessionBlockChange;

/**
 * Creates the reports of a series of blocks, in their present versions.
 * @param blocks all blocks that were split from each other
 */
export const createBlockChanges = (
  {
    series,
    id,
    version,
    principal,
  }: Pick<SessionBlock, 'series' | 'id' | 'version'> & Pick<SessionBlockChange, 'principal'>,
  blocks: readonly SessionBlock[],
  now: Instant,
): ReportTo => {
  // Grows with each change of any of the blocks.
  const state = blocks.reduce((sum, block) => sum + block.version, 0);
  const from = toEpochMs(now);
  const upcoming = blocks
    .flatMap((block): readonly BlockSession[] =>
      sessionsIn(block, { start: from, end: from + reach }).map((session) => ({ ...session, block })),
    )
    .sort((one, other) => one.start.localeCompare(other.start));

  return ({ start, end, room, block }, outside) => ({
    inboxId: `${series}:${state}:${start}:${outside ?? 'inside'}`,
    ...(principal !== undefined && { principal }),
    block: block ?? id,
    version: blocks.find((one) => one.id === block)?.version ?? version,
    slot: { start, end, ...(room === undefined ? {} : { room }) },
    change: outside ?? 'inside',
    ...(outside && { next: nextFor({ start, end, room }, outside, upcoming, now) }),
  });
};

/** Returns where the audition can move: in the other room at the same time, to where its session was moved, or later. */
const nextFor = (
  slot: Pick<Slot, 'start' | 'end' | 'room'>,
  outside: Outside,
  upcoming: readonly BlockSession[],
  now: Instant,
): SlotSpec | undefined => {
  const around = upcoming.find(({ start, end }) => start <= slot.start && slot.end <= end);
  if (outside === 'other_room' && around) {
    const { room, block } = around;
    return {
      kind: 'fixed',
      slot: {
        start: slot.start,
        end: slot.end,
        zone: block.definition.zone,
        ...(room === undefined ? {} : { room }),
        block: block.id,
      },
    };
  }
  const target =
    upcoming.find((session) => session.isChanged && wasAround(session, slot)) ??
    upcoming.find(({ end }) => end > slot.start) ??
    upcoming.at(0);
  if (!target) return undefined;
  const { zone, slotMinutes } = target.block.definition;
  const earliest = target.start > now ? target.start : nextMinute(now);
  return {
    kind: 'window',
    earliest,
    latest: toInstant(toEpochMs(earliest) + longestSearch),
    durationMinutes: slotMinutes,
    zone,
    block: target.block.id,
  };
};

/** Returns whether the session contained the slot before it was moved. */
const wasAround = (
  { at, block: { definition } }: BlockSession,
  slot: Pick<Slot, 'start' | 'end'>,
): boolean => {
  const start = instantOfClock(definition.zone, clockMsOf(at) ?? 0);
  const length = (clockMsOf(definition.end) ?? 0) - (clockMsOf(definition.start) ?? 0);
  return start <= toEpochMs(slot.start) && toEpochMs(slot.end) <= start + length;
};

const nextMinute = (now: Instant): Instant => toInstant(Math.ceil((toEpochMs(now) + 1) / minute) * minute);
