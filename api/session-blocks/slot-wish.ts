/** Reads the slot of a request. One that names a session block is checked against the sessions of the block. */

import type { SessionBlocks } from '../../db/session-blocks/session-blocks.ts';
import type { BlockSlot, SlotWish } from '../../domain/audition/request.ts';
import {
  isBlockSlot,
  longestWindow,
  roomFieldsOf,
  validateSlot,
  validateSlotSpec,
} from '../../domain/audition/request-validation.ts';
import type { SlotSpec } from '../../domain/audition/slot.ts';
import { furthestAhead } from '../../domain/audition/slot-limits.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import { Refusal } from '../../domain/errors.ts';
import type { OrganizationId, ParticipantId, ProjectId, RoleId, SessionBlockId } from '../../domain/ids.ts';
import type { SessionBlock } from '../../domain/session-blocks/session-block.ts';
import { outsideOf } from '../../domain/session-blocks/session-slots.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { parseLocalTime } from '../../domain/time/local-time.ts';
import { sessionsIn } from '../../providers/icalendar/session-occurrences.ts';

interface SlotContext {
  readonly sessionBlocks: Pick<SessionBlocks, 'get'>;
  readonly organization: OrganizationId;
  readonly now: Instant;
  /** The audition that the slot is for. It must be one that the block is for. */
  readonly audition: {
    readonly project: ProjectId;
    readonly role: RoleId;
    readonly participants: readonly ParticipantId[];
  };
}

/** Returns the context that the view of an audition contains. */
export const auditionOf = ({ project, role, participants }: AuditionView): SlotContext['audition'] => ({
  project,
  role,
  participants: participants.map(({ id }) => id),
});

/**
 * Returns the slot or the window of a request with its times as instants. A search in a block begins with its first session
 * that has not ended.
 * @throws {Refusal} also `unknown_session_block`, `session_block_mismatch`, `outside_session_block`, `nothing_free`
 */
export const readSlotWish = async (wish: SlotWish, context: SlotContext): Promise<SlotSpec> => {
  if (isBlockSlot(wish)) return searchIn(await readBlock(wish.block, context), wish, context.now);
  const spec = validateSlotSpec(wish, context.now);
  if (!('block' in wish) || wish.block === undefined || !('start' in wish)) return spec;
  return slotIn(await readBlock(wish.block, context), wish, context.now);
};

/** Returns the search for a slot of a block, without an audition that the block must be for. */
export const readBlockSearch = async (
  wish: BlockSlot,
  { sessionBlocks, organization, now }: Omit<SlotContext, 'audition'>,
): Promise<{ readonly block: SessionBlock; readonly wish: WindowWish }> => {
  const block = await sessionBlocks.get(organization, wish.block);
  if (!block) throw unknownBlock(wish.block);
  return { block, wish: searchIn(block, wish, now) };
};

type WindowWish = Extract<SlotSpec, { readonly kind: 'window' }>;

const unknownBlock = (id: SessionBlockId): Refusal =>
  new Refusal(
    'unknown_session_block',
    `Your organization has no session block ${id}.`,
    'Use the ID of a session block from GET /v1/session-blocks.',
    ['/slot/block'],
  );

const readBlock = async (
  id: SessionBlockId,
  { sessionBlocks, organization, audition }: SlotContext,
): Promise<SessionBlock> => {
  const block = await sessionBlocks.get(organization, id);
  if (!block) throw unknownBlock(id);
  const { project, role, castingDirector } = block.definition;
  const other =
    project !== audition.project
      ? `the project ${project}`
      : role !== undefined && role !== audition.role
        ? `the role ${role}`
        : castingDirector !== undefined && !audition.participants.includes(castingDirector)
          ? `auditions with ${castingDirector}`
          : undefined;
  if (other === undefined) return block;
  throw new Refusal(
    'session_block_mismatch',
    `The session block ${id} is for ${other}.`,
    'Choose a block of the project and the role, and add its casting director to the participants.',
    ['/slot/block'],
  );
};

const searchIn = (block: SessionBlock, wish: BlockSlot, now: Instant): WindowWish => {
  const { zone, slotMinutes, room } = block.definition;
  const asked = wish.earliest === undefined ? now : parseLocalTime(wish.earliest, zone, ['/slot/earliest']);
  const earliest = asked > now ? asked : now;
  const latest = wish.latest === undefined ? undefined : parseLocalTime(wish.latest, zone, ['/slot/latest']);
  if (latest !== undefined && latest <= asked) throw endsBeforeStart();
  const until = Math.min(toEpochMs(latest ?? '9999-01-01T00:00:00.000Z'), toEpochMs(now) + furthestAhead);
  const [first] = sessionsIn(block, { start: toEpochMs(earliest), end: until });
  if (!first) throw noSession();
  const from = first.start > earliest ? first.start : earliest;
  const longest = toEpochMs(from) + longestWindow;
  if (latest !== undefined && toEpochMs(latest) > longest) throw tooLong();
  return {
    kind: 'window',
    earliest: from,
    latest: toInstant(Math.min(until, longest)),
    durationMinutes: slotMinutes,
    zone,
    // Says that the audition is in person. The session that is chosen can be in another room.
    ...(room === undefined ? {} : { room }),
    ...roomFieldsOf(wish),
    block: block.id,
  };
};

const slotIn = (
  block: SessionBlock,
  wish: Extract<SlotWish, { readonly start: string }>,
  now: Instant,
): SlotSpec => {
  const slot = validateSlot(wish, now);
  const sessions = sessionsIn(block, { start: toEpochMs(slot.start), end: toEpochMs(slot.end) });
  const around = sessions.find(({ start, end }) => start <= slot.start && slot.end <= end);
  const room = slot.room ?? around?.room;
  const inRoom = { ...slot, ...(room === undefined ? {} : { room }) };
  const outside = outsideOf(inRoom, sessions);
  if (!outside) return { kind: 'fixed', slot: inRoom };
  throw outside === 'other_room'
    ? new Refusal(
        'outside_session_block',
        `The session at that time is in another room: ${around?.room}.`,
        'Use the room of the session, or omit the room.',
        ['/slot/room'],
      )
    : new Refusal(
        'outside_session_block',
        'The block has no session at that time.',
        'Choose a time within a session of GET /v1/session-blocks/{id}/sessions, or omit the block.',
        ['/slot/start', '/slot/end'],
      );
};

const endsBeforeStart = (): Refusal =>
  new Refusal('slot_ends_before_start', 'The end is not after the start.', 'Check both times.', [
    '/slot/earliest',
    '/slot/latest',
  ]);

const noSession = (): Refusal =>
  new Refusal(
    'nothing_free',
    'The session block has no session in that time.',
    'Choose another time or another block; GET /v1/session-blocks/{id}/sessions lists the sessions.',
    ['/slot/block'],
  );

const tooLong = (): Refusal =>
  new Refusal(
    'slot_too_long',
    'The search ends more than 31 days after the first session in it.',
    'Ask for a shorter time, or omit latest.',
    ['/slot/latest'],
  );
