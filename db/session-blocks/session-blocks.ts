/** Stores session blocks. */
import { and, asc, desc, eq, type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import {
  type OrganizationId,
  organizationIdSchema,
  type ParticipantId,
  type ProjectId,
  type RoleId,
  type SessionBlockId,
  sessionBlockIdSchema,
} from '../../domain/ids.ts';
import {
  type SessionBlock,
  type SessionBlockDefinition,
  type SessionPlan,
  sessionBlockDefinitionSchema,
  sessionExceptionSchema,
} from '../../domain/session-blocks/session-block.ts';
import { type Actor, createAdministrativeActs } from '../access/administrative-acts.ts';
import type { Database } from '../client.ts';
import { decodeCursor, type Page, pageOf } from '../cursor.ts';
import { sessionBlocks } from '../schema/session-blocks.ts';

interface SessionBlockFilter {
  readonly project?: ProjectId | undefined;
  readonly role?: RoleId | undefined;
  readonly castingDirector?: ParticipantId | undefined;
}

interface NewSessionBlock {
  readonly id: SessionBlockId;
  readonly organization: OrganizationId;
  readonly definition: SessionBlockDefinition;
}

/** A block and the version that the caller has read. */
interface BlockVersion {
  readonly organization: OrganizationId;
  readonly id: SessionBlockId;
  readonly version: number;
}

type Outdated = { readonly kind: 'outdated'; readonly block: SessionBlock };

/**
 * Each change and its administrative act are stored in one transaction. A change needs the present version of the block:
 * of two simultaneous changes, the second one is `outdated`. Undefined: the organization has no such block.
 */
export interface SessionBlocks {
  /** Creates the block, and returns it as it is stored. Idempotent by its id. */
  create(block: NewSessionBlock, actor: Actor): Promise<SessionBlock>;
  get(organization: OrganizationId, id: SessionBlockId): Promise<SessionBlock | undefined>;
  /** Returns a page of blocks, the newest first. @throws {Refusal} `invalid_query` for a cursor of another list */
  list(
    organization: OrganizationId,
    filter: SessionBlockFilter,
    page: { readonly cursor?: string | undefined; readonly limit: number },
  ): Promise<Page<SessionBlock>>;
  /** Returns the blocks that were split from each other, in the order of their creation. */
  listSeries(organization: OrganizationId, series: SessionBlockId): Promise<readonly SessionBlock[]>;
  /** Changes the block. Its auditions are then compared with it (`BlockReports`). */
  change(
    at: BlockVersion,
    changes: Partial<SessionPlan>,
    actor: Actor & { readonly act: string },
  ): Promise<{ readonly kind: 'changed'; readonly block: SessionBlock } | Outdated | undefined>;
  /**
   * Changes the block and creates the one that follows it, in one transaction. Idempotent by the id of the following one.
   */
  split(
    at: BlockVersion,
    changes: Partial<SessionPlan>,
    following: Omit<NewSessionBlock, 'organization'> & Pick<SessionBlock, 'exceptions'>,
    actor: Actor,
  ): Promise<
    | { readonly kind: 'split'; readonly former: SessionBlock; readonly following: SessionBlock }
    | Outdated
    | undefined
  >;
}

/** Channel of `NOTIFY` that wakes the relay of changed blocks. */
export const sessionBlockChannel = 'session_blocks';

/**
 * How often auditions are compared with a changed block. The second time finds those that have chosen their slot while the
 * block was being changed.
 */
const reportsOfChange = 2;

const rowSchema = z.object({
  id: sessionBlockIdSchema,
  organization: organizationIdSchema,
  series: sessionBlockIdSchema,
  definition: sessionBlockDefinitionSchema,
  exceptions: z.array(sessionExceptionSchema),
});

const toBlock = (row: typeof sessionBlocks.$inferSelect): SessionBlock => ({
  ...rowSchema.parse(row),
  version: row.version,
  isCancelled: row.isCancelled,
  createdAt: row.createdAt,
  changedAt: row.changedAt,
});

const columnsOf = (definition: SessionBlockDefinition) => ({
  definition,
  project: definition.project,
  role: definition.role ?? null,
  castingDirector: definition.castingDirector ?? null,
});

const isBlock = (organization: OrganizationId, id: SessionBlockId): SQL | undefined =>
  and(eq(sessionBlocks.organization, organization), eq(sessionBlocks.id, id));

const find = async (db: Database, organization: OrganizationId, id: SessionBlockId) => {
  const [row] = await db.select().from(sessionBlocks).where(isBlock(organization, id));
  return row && toBlock(row);
};

const insert = async (
  db: Database,
  { id, organization, definition }: NewSessionBlock,
  more: Pick<SessionBlock, 'series' | 'exceptions'>,
): Promise<SessionBlock | undefined> => {
  const [row] = await db
    .insert(sessionBlocks)
    .values({ id, organization, ...columnsOf(definition), series: more.series, exceptions: more.exceptions })
    .onConflictDoNothing()
    .returning();
  return row && toBlock(row);
};

const update = async (
  db: Database,
  { organization, id, version }: BlockVersion,
  { definition, ...others }: Partial<SessionPlan>,
  { principal }: Pick<Actor, 'principal'>,
): Promise<SessionBlock | undefined> => {
  const [row] = await db
    .update(sessionBlocks)
    .set({
      ...others,
      ...(definition && columnsOf(definition)),
      version: sql`${sessionBlocks.version} + 1`,
      changedAt: sql`date_trunc('milliseconds', now())`,
      changedBy: principal ?? null,
      reportsLeft: reportsOfChange,
      reportAt: sql`now()`,
    })
    .where(and(isBlock(organization, id), eq(sessionBlocks.version, version)))
    .returning();
  if (!row) return undefined;
  await db.execute(sql`SELECT pg_notify(${sessionBlockChannel}, '')`);
  return toBlock(row);
};

const outdated = async (db: Database, { organization, id }: BlockVersion): Promise<Outdated | undefined> => {
  const block = await find(db, organization, id);
  return block && { kind: 'outdated', block };
};

const record = (
  tx: Database,
  { organization, id, version }: SessionBlock,
  { act, ...actor }: Actor & { readonly act: string },
) => createAdministrativeActs(tx).record({ organization, ...actor, act, target: id, detail: { version } });

/** Creates the repository. */
export const createSessionBlocks = (db: Database): SessionBlocks => ({
  create: (block, actor) =>
    db.transaction(async (tx) => {
      const created = await insert(tx, block, { series: block.id, exceptions: [] });
      if (created) await record(tx, created, { ...actor, act: 'session_block.created' });
      const stored = created ?? (await find(tx, block.organization, block.id));
      if (!stored) throw new Error(`session block ${block.id} belongs to another organization`);
      return stored;
    }),

  get: (organization, id) => find(db, organization, id),

  async list(organization, { project, role, castingDirector }, { cursor, limit }) {
    const rows = await db
      .select()
      .from(sessionBlocks)
      .where(
        and(
          eq(sessionBlocks.organization, organization),
          project && eq(sessionBlocks.project, project),
          role && eq(sessionBlocks.role, role),
          castingDirector && eq(sessionBlocks.castingDirector, castingDirector),
          olderThan(cursor),
        ),
      )
      .orderBy(desc(sessionBlocks.createdAt), desc(sessionBlocks.id))
      .limit(limit + 1);
    return pageOf(rows, limit, ({ createdAt, id }) => ({ at: createdAt, id }), toBlock);
  },

  async listSeries(organization, series) {
    const rows = await db
      .select()
      .from(sessionBlocks)
      .where(and(eq(sessionBlocks.organization, organization), eq(sessionBlocks.series, series)))
      .orderBy(asc(sessionBlocks.createdAt), asc(sessionBlocks.id));
    return rows.map(toBlock);
  },

  change: (at, changes, actor) =>
    db.transaction(async (tx) => {
      const block = await update(tx, at, changes, actor);
      if (!block) return outdated(tx, at);
      await record(tx, block, actor);
      return { kind: 'changed', block };
    }),

  split: (at, changes, following, actor) =>
    db.transaction(async (tx) => {
      const { organization } = at;
      const former = await update(tx, at, changes, actor);
      if (!former) {
        const [block, earlier] = [
          await find(tx, organization, at.id),
          await find(tx, organization, following.id),
        ];
        if (block && earlier) return { kind: 'split', former: block, following: earlier };
        return block && { kind: 'outdated', block };
      }
      const { exceptions, ...block } = following;
      const created = await insert(tx, { ...block, organization }, { series: former.series, exceptions });
      if (!created) throw new Error(`session block ${following.id} exists already`);
      await record(tx, former, { ...actor, act: 'session_block.split' });
      await record(tx, created, { ...actor, act: 'session_block.created' });
      return { kind: 'split', former, following: created };
    }),
});

const olderThan = (cursor: string | undefined): SQL | undefined => {
  if (cursor === undefined) return undefined;
  const { at, id } = decodeCursor(cursor);
  return sql`(${sessionBlocks.createdAt}, ${sessionBlocks.id}) < (${at}::timestamptz, ${id})`;
};
