import { and, desc, eq, lt, type SQL } from 'drizzle-orm';
import { z } from 'zod';
import { toInstant } from '../../domain/time/epoch.ts';
import type { Database } from '../client.ts';
import { decodeCursor, notACursor, pageOf } from '../cursor.ts';
import type { AdministrativeActs } from '../repositories.ts';
import { administrativeActs } from '../schema/administrative-acts.ts';

const detailSchema = z.record(z.string(), z.unknown());

export const createAdministrativeActs = (db: Database): AdministrativeActs => ({
  async note(act) {
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
  if (!Number.isSafeInteger(id)) throw notACursor();
  return lt(administrativeActs.id, id);
};
