import { and, desc, eq, lt, type SQL } from 'drizzle-orm';
import { z } from 'zod';
import type { OrganizationId } from '../../domain/ids.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { LinkMinter } from '../../foundation/links/link-minter.ts';
import type { Database } from '../client.ts';
import { decodeCursor, invalidCursor, type Page, pageOf } from '../cursor.ts';
import { administrativeActs } from '../schema/administrative-acts.ts';
import type { ApiRole } from './api-keys.ts';

/** Role of the actor: the role of an API key or token, the owner of a connection, or an operator at the command line. */
type ActorRole = ApiRole | 'owner' | 'command_line';

/** The author of an act: label and role of an API key, or `owner:<id>` on the pages for performers. */
export interface Actor {
  readonly by: string;
  readonly role: ActorRole;
  readonly correlationId: string;
  /** Named by the act, and by what follows in the trails of auditions, see `domain/audition/principal.ts`. */
  readonly principal?: string | undefined;
  /** The minter of the link that the actor used. Recorded in the detail, as `link`. */
  readonly link?: LinkMinter | undefined;
}

interface AdministrativeAct {
  readonly id: string;
  readonly by: string;
  readonly principal: string | undefined;
  readonly role: string;
  readonly act: string;
  readonly target: string;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly correlationId: string;
  readonly at: Instant;
}

/** The audit of administrative acts. Append-only: a trigger refuses changes. */
export interface AdministrativeActs {
  /** Appends an act. */
  record(act: {
    /** Undefined for an act that concerns all organizations: the rotation of the master key. */
    readonly organization: OrganizationId | undefined;
    /** The label of the API key, the subject of the token, `owner:<participant>`, or the name of the command. */
    readonly by: string;
    /** The label is not unique. Absent: not known. */
    readonly principal?: string | undefined;
    readonly role: ActorRole;
    /** For example `connection.disconnected`, `endpoint.secret_rotated`. */
    readonly act: string;
    /** The id of the changed object. */
    readonly target: string;
    /** Must not contain secrets or personal data. */
    readonly detail?: Readonly<Record<string, unknown>>;
    readonly correlationId: string;
    readonly link?: LinkMinter | undefined;
  }): Promise<void>;
  /**
   * Returns a page of acts, the newest first.
   * @throws {Refusal} `invalid_query` for a cursor that this service did not issue.
   */
  list(
    organization: OrganizationId,
    page: { readonly cursor?: string | undefined; readonly limit: number },
  ): Promise<Page<AdministrativeAct>>;
}

const detailSchema = z.record(z.string(), z.unknown());

/** Creates the repository of administrative acts. */
export const createAdministrativeActs = (db: Database): AdministrativeActs => ({
  async record({ organization, by, principal, role, act, target, correlationId, link, detail = {} }) {
    const row = { organization, by, principal, role, act, target, correlationId };
    await db.insert(administrativeActs).values({ ...row, detail: link ? { ...detail, link } : detail });
  },

  async list(organization, { cursor, limit }) {
    const rows = await db
      .select()
      .from(administrativeActs)
      .where(and(eq(administrativeActs.organization, organization), before(cursor)))
      .orderBy(desc(administrativeActs.id))
      .limit(limit + 1);
    const acts = rows.map(({ id, by, principal, role, act, target, detail, correlationId, at }) => ({
      id: String(id),
      by,
      principal: principal ?? undefined,
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

/** The ids increase with time, so the id of the cursor is enough to find the next page. */
const before = (cursor: string | undefined): SQL | undefined => {
  if (cursor === undefined) return undefined;
  const id = Number(decodeCursor(cursor).id);
  if (!Number.isSafeInteger(id)) throw invalidCursor();
  return lt(administrativeActs.id, id);
};
