/** Changes session blocks, and says which auditions are outside of them then. No audition is moved. */
import canonicalize from 'canonicalize';
import type { Actor } from '../../db/access/administrative-acts.ts';
import { Refusal } from '../../domain/errors.ts';
import type { OrganizationId, SessionBlockId } from '../../domain/ids.ts';
import {
  mostExceptions,
  type SessionBlock,
  type SessionBlockDefinition,
  type SessionChange,
  type SessionException,
  type SessionPlan,
} from '../../domain/session-blocks/session-block.ts';
import { hasSessionAt } from '../../providers/icalendar/session-occurrences.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { checkChange, checkDefinition } from './check-definition.ts';
import { endBefore } from './ended-block.ts';
import { requireVersion, versionChanged } from './versions.ts';

type ChangeDependencies = Pick<ApiDependencies, 'repositories' | 'now'>;

/** Which block is changed, by whom. */
export interface ChangeTarget {
  readonly organization: OrganizationId;
  readonly id: SessionBlockId;
  readonly ifMatch: string;
  readonly actor: Actor;
}

/** Returns the block of the organization. @throws {Refusal} `session_block_not_found` */
export const requireBlock = async (
  { repositories: { sessionBlocks } }: Pick<ApiDependencies, 'repositories'>,
  organization: OrganizationId,
  id: SessionBlockId,
): Promise<SessionBlock> => {
  const block = await sessionBlocks.get(organization, id);
  if (block) return block;
  throw blockNotFound(id);
};

export const blockNotFound = (id: SessionBlockId): Refusal =>
  new Refusal(
    'session_block_not_found',
    `Your organization has no session block ${id}.`,
    'List them with GET /v1/session-blocks.',
  );

const mostListed = 500;

/** Returns the open auditions that are outside of the sessions of the series. */
const listOutside = async (
  { repositories: { sessionBlocks, blockAuditions }, now }: ChangeDependencies,
  { organization, series }: SessionBlock,
) => {
  const blocks = await sessionBlocks.listSeries(organization, series);
  const compared = await blockAuditions.compare(organization, blocks, now());
  return compared
    .flatMap(({ view: { id, slot }, outside }) => (outside ? [{ audition: id, slot, reason: outside }] : []))
    .slice(0, mostListed);
};

/**
 * Stores a change, and returns the block with the auditions outside. A change that the block already has is not stored
 * again, whatever version its caller has read: so a repeated request succeeds (RFC 9110, section 13.1.1).
 * @throws {Refusal} `session_block_not_found`, `version_changed`, `session_block_cancelled`
 */
const apply = async (
  dependencies: ChangeDependencies,
  { organization, id, ifMatch, actor }: ChangeTarget,
  act: string,
  changesOf: (block: SessionBlock) => Partial<SessionPlan>,
) => {
  const { sessionBlocks } = dependencies.repositories;
  const before = await requireBlock(dependencies, organization, id);
  const changes = changesOf(before);
  if (before.isCancelled && !changes.isCancelled) throw blockCancelled(id);
  if (isSame({ ...before, ...changes }, before))
    return { before, block: before, outside: await listOutside(dependencies, before) };
  const version = requireVersion(ifMatch, before);
  const result = await sessionBlocks.change({ organization, id, version }, changes, { ...actor, act });
  if (!result) throw blockNotFound(id);
  if (result.kind === 'outdated') throw versionChanged(result.block);
  return { before, block: result.block, outside: await listOutside(dependencies, result.block) };
};

const isSame = (a: SessionPlan, b: SessionPlan): boolean =>
  canonicalize([a.definition, a.exceptions, a.isCancelled]) ===
  canonicalize([b.definition, b.exceptions, b.isCancelled]);

const blockCancelled = (id: SessionBlockId): Refusal =>
  new Refusal(
    'session_block_cancelled',
    `The session block ${id} is cancelled and cannot be changed.`,
    'Create a new block.',
  );

/** Changes all sessions. Exceptions stay, if the block still has their sessions. */
export const replaceBlock = async (
  dependencies: ChangeDependencies,
  target: ChangeTarget,
  definition: SessionBlockDefinition,
) => {
  const checked = checkDefinition(definition, dependencies.now());
  const { before, block, outside } = await apply(
    dependencies,
    target,
    'session_block.replaced',
    (present) => ({
      definition: checked,
      exceptions: keptIn(checked, present.exceptions),
    }),
  );
  return { block, outside, dropped: droppedOf(before.exceptions, block.exceptions) };
};

/** Cancels the block: it has no sessions any more. Idempotent. */
export const cancelBlock = (dependencies: ChangeDependencies, target: ChangeTarget) =>
  apply(dependencies, target, 'session_block.cancelled', () => ({ isCancelled: true }));

/**
 * Moves or cancels one session, or gives it another room; without a change, it is as in the series again.
 * @param at the start of the session in the series
 */
export const changeSession = (
  dependencies: ChangeDependencies,
  target: ChangeTarget,
  at: string,
  change: SessionChange | undefined,
) =>
  apply(dependencies, target, change ? 'session.changed' : 'session.restored', (block) => {
    const others = block.exceptions.filter((exception) => exception.at !== at);
    if (!hasSessionAt(block, at)) throw sessionNotFound(block.id, at);
    if (!change) return { exceptions: others };
    checkChange(change, block.definition.zone, dependencies.now());
    if (others.length >= mostExceptions) throw tooManyExceptions();
    return { exceptions: sorted([...others, { at, change }]) };
  });

/**
 * Ends the block before the session at `from`, and creates the block that follows it. Exceptions from then on belong to the
 * following block, if it has their sessions.
 * @param following its id is derived from the request, so that a repeated request creates no other block
 */
export const splitBlock = async (
  dependencies: ChangeDependencies,
  { organization, id, ifMatch, actor }: ChangeTarget,
  from: string,
  following: { readonly id: SessionBlockId; readonly definition: SessionBlockDefinition },
) => {
  const { sessionBlocks } = dependencies.repositories;
  const earlier = await sessionBlocks.get(organization, following.id);
  const before = await requireBlock(dependencies, organization, id);
  if (earlier) {
    const outside = await listOutside(dependencies, before);
    return { block: before, following: earlier, outside, dropped: [] };
  }
  const version = requireVersion(ifMatch, before);
  if (before.isCancelled) throw blockCancelled(id);
  if (!hasSessionAt(before, from)) throw sessionNotFound(id, from);
  if (from <= before.definition.start) throw splitAtStart();
  const definition = checkDefinition(following.definition, dependencies.now(), '/following');
  const later = before.exceptions.filter(({ at }) => at >= from);
  const exceptions = keptIn(definition, later);
  const result = await sessionBlocks.split(
    { organization, id, version },
    endBefore(before, from),
    { id: following.id, definition, exceptions },
    actor,
  );
  if (!result) throw blockNotFound(id);
  if (result.kind === 'outdated') throw versionChanged(result.block);
  return {
    block: result.former,
    following: result.following,
    outside: await listOutside(dependencies, result.former),
    dropped: droppedOf(later, exceptions),
  };
};

const keptIn = (definition: SessionBlockDefinition, exceptions: readonly SessionException[]) =>
  exceptions.filter(({ at }) => hasSessionAt({ definition }, at));

const droppedOf = (before: readonly SessionException[], after: readonly SessionException[]): string[] =>
  before.map(({ at }) => at).filter((at) => !after.some((exception) => exception.at === at));

const sorted = (exceptions: readonly SessionException[]) =>
  [...exceptions].sort((one, other) => one.at.localeCompare(other.at));

const sessionNotFound = (id: SessionBlockId, at: string): Refusal =>
  new Refusal(
    'session_not_found',
    `The session block ${id} has no session at ${at}.`,
    'Name the start that the session has in the series: `at` in GET /v1/session-blocks/{id}/sessions.',
  );

const splitAtStart = (): Refusal =>
  new Refusal(
    'invalid_body',
    'The split is at the first session of the block.',
    'Replace the block to change all of its sessions.',
    ['/from'],
  );

const tooManyExceptions = (): Refusal =>
  new Refusal(
    'session_limit_reached',
    `A block can have ${mostExceptions} changed sessions.`,
    'Split the block, or replace it.',
  );
