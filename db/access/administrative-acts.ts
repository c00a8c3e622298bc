import { and, desc, eq, lt, type SQL } from 'drizzle-orm';
import { z } from 'zod';
import type { OrganizationId } from '../../domain/ids.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { Database } from '../client.ts';
import { decodeCursor, invalidCursor, type Page, pageOf } from '../cursor.ts';
import { administrativeActs } from '../schema/administrative-acts.ts';
import type { ApiRole } from './api-keys.ts';

/** Who has done it: a key or token by its role, the owner of a connection, or somebody at the command line. */
type ActorRole = ApiRole | 'owner' | 'command_line';

/** Who does it: the label and role of a key, or `owner:<id>` on the page for people. */
export interface Actor {
  readonly by: string;
  readonly role: ActorRole;
  readonly correlationId: string;
}

interface AdministrativeAct {
  readonly id: string;
  readonly by: string;
  readonly role: string;
  readonly act: string;
  readonly target: string;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly correlationId: string;
  readonly at: Instant;
}

/** What people and programs with power did. Append-only: the database itself refuses to change it. */
export interface AdministrativeActs {
  record(act: {
    /** Undefined for what concerns all of them: the rotation of the master key. */
    readonly organization: OrganizationId | undefined;
    /** The label of the key, the subject of the token, `owner:<participant>`, or the name of the command line. */
    readonly by: string;
    readonly role: ActorRole;
    /** `connection.disconnected`, `endpoint.secret_rotated`. */
    readonly act: string;
    /** The id of what it was done to. */
    readonly target: string;
    /** Never a secret, never a person's data. */
    readonly detail?: Readonly<Record<string, unknown>>;
    readonly correlationId: string;
  }): Promise<void>;
  /** The newest first. Throws `Refusal` `invalid_body` for a cursor that is not one of ours. */
  list(
    organization: OrganizationId,
    page: { readonly cursor?: string | undefined; readonly limit: number },
  ): Promise<Page<AdministrativeAct>>;
}

const detailSchema = z.record(z.string(), z.unknown());

export const createAdministrativeActs = (db: Database): AdministrativeActs => ({
  async record(act) {
    await db.insert(administrativeActs).values(act);
  },

  async list(organization, { cursor, limit }) {
    const rows = await db
      .select()
      .from(administrativeActs)
      .where(and(eq(administrativeActs.organization, organization), before(cursor)))
      .orderBy(desc(administrativeActs.id))
      .limit(limit + 1);
    const acts = rows.map(({ id, by, role, act, target, detail, correlationId, at }) => ({
      id: String(id),
      by,
      role,
      act,
      target,
      detail: detailSchema.parse(detail),
      correlationId,
      at: toInstant(at.getTime()),
    }));
    return pageOf(
      acts,
      limit,
      ({ at, id }) => ({ at, id }),
      (act) => act,
    );
  },
});

/** They are numbered as they happen: the number alone says where a page ended. */
const before = (cursor: string | undefined): SQL | undefined => {
  if (cursor === undefined) return undefined;
  const id = Number(decodeCursor(cursor).id);
  if (!Number.isSafeInteger(id)) throw invalidCursor();
  return lt(administrativeActs.id, id);
};
