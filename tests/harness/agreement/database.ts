/** Compares what the API shows with the tables: trail, read model, holds, ledger, attention items, inbox. */
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { auditionSchema } from '../../../api/schemas/audition.ts';
import { type AuditionView, foldEvents } from '../../../domain/audition/view.ts';
import { isJoinLink, type KnownAudition, type Sources } from './sources.ts';

/** Returns the disagreements. */
export const databaseDisagreements = async (
  { database }: Sources,
  auditions: readonly KnownAudition[],
): Promise<readonly string[]> => [
  ...(await Promise.all(auditions.map((audition) => trailDisagreements(database, audition)))).flat(),
  ...holdDisagreements(await readHolds(database), auditions),
  ...(await ledgerDisagreements(database, auditions)),
  ...(await strayRows(database, auditions)),
];

type Database = Sources['database'];

const trailDisagreements = async (
  { repositories }: Database,
  { view, trail }: KnownAudition,
): Promise<readonly string[]> => {
  const verdict = await repositories.events.verify(view.id);
  return [
    ...(verdict.ok ? [] : [`${view.id}: the hash chain of the trail is broken at ${verdict.sequence}`]),
    ...differences(sent(auditionSchema.parse(plain(foldEvents(trail)))), sent(view)).map(
      (field) => `${view.id}: the API shows another '${field}' than the fold of the trail`,
    ),
    ...(view.attention.length === 0
      ? []
      : [`${view.id}: waits for an operator: ${view.attention.map(({ what }) => what).join(' ')}`]),
  ];
};

/** The status of a notice comes from the reports of its vendor, of which the trail has the bad ones only. */
const sent = (view: AuditionView): AuditionView => ({
  ...view,
  notices: view.notices.map((notice) => ({ ...notice, status: 'sent' })),
});

/** Without fields that are undefined, and without the join links of participants, which the trail does not have. */
const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify({ value }, (name, field: unknown) =>
      name === 'joinUrl' && isJoinLink(field) ? undefined : field,
    ),
  ).value;

/** Returns the names of the fields that differ. */
const differences = (folded: AuditionView, shown: AuditionView): readonly string[] => {
  const fields = new Map(Object.entries(shown));
  return Object.entries(folded)
    .filter(([name, value]) => !isDeepStrictEqual(plain(value), plain(fields.get(name))))
    .map(([name]) => name);
};

const holdsSchema = z.array(
  z.object({ id: z.string(), claim: z.int(), resource: z.string(), start: z.date(), end: z.date() }),
);
type Holds = z.infer<typeof holdsSchema>;

const readHolds = async ({ pool }: Database): Promise<Holds> => {
  const { rows } = await pool.query(
    `SELECT audition_id AS id, claim, resource, lower(during) AS start, upper(during) AS "end" FROM slot_holds`,
  );
  return holdsSchema.parse(rows);
};

const holdDisagreements = (holds: Holds, auditions: readonly KnownAudition[]): readonly string[] => [
  ...auditions.flatMap(({ view, stands }) => {
    const own = holds.filter(({ id }) => id === view.id);
    const claims = new Set(own.map(({ claim }) => claim));
    const { slot } = view;
    if (!stands || !slot) return own.length === 0 ? [] : [`${view.id}: is undone, and a slot is held for it`];
    const people = own.flatMap(({ resource }) => /^participant:(.*)$/.exec(resource)?.[1] ?? []);
    const wanted: string[] = view.participants.map(({ id }) => id);
    return [
      ...(claims.size === 1 ? [] : [`${view.id}: ${claims.size} claims hold a slot for it`]),
      ...(isDeepStrictEqual(people.sort(), wanted.sort())
        ? []
        : [`${view.id}: its slot is held for ${people.join(', ')}`]),
      ...(own.every(({ start, end }) => start.toISOString() === slot.start && end.toISOString() === slot.end)
        ? []
        : [`${view.id}: another time is held for it than its slot ${slot.start}`]),
    ];
  }),
  ...[...new Set(holds.map(({ id }) => id))]
    .filter((id) => !auditions.some(({ view }) => view.id === id))
    .map((id) => `${id}: a slot is held, and the API does not list the audition`),
];

const operationsSchema = z.array(
  z.object({
    key: z.string(),
    id: z.string().nullable(),
    operation: z.string(),
    state: z.string(),
    isInProgress: z.boolean(),
    surplus: z.int(),
  }),
);

const ledgerDisagreements = async (
  { pool }: Database,
  auditions: readonly KnownAudition[],
): Promise<readonly string[]> => {
  const { rows } = await pool.query(`
    SELECT key, audition_id AS id, operation, state, jsonb_array_length(surplus) AS surplus,
      state = 'undoing' OR (state = 'open' AND coalesce(lease_until > now(), false)) AS "isInProgress"
    FROM operations`);
  const undone = new Set(auditions.filter(({ stands }) => !stands).map(({ view }) => view.id));
  return operationsSchema
    .parse(rows)
    .flatMap(({ key, id, operation, state, isInProgress, surplus }) => [
      ...(isInProgress ? [`${key}: the ledger has it ${state}`] : []),
      ...(surplus === 0 ? [] : [`${key}: the ledger knows ${surplus} surplus effects`]),
      ...(state === 'completed' && isUndoable(operation) && [...undone].some((closed) => closed === id)
        ? [`${key}: the audition is undone, and the ledger has the effect as standing`]
        : []),
    ]);
};

const isUndoable = (operation: string): boolean =>
  ['meetings.create', 'calendar.putEvent'].includes(operation);

const idsSchema = z.array(z.object({ id: z.string() }));

/** Rows that belong to no audition of the API, or that wait although nothing is in progress. */
const strayRows = async (
  { pool }: Database,
  auditions: readonly KnownAudition[],
): Promise<readonly string[]> => {
  const known = new Set<string>(auditions.map(({ view }) => view.id));
  const trails = idsSchema.parse(
    (await pool.query('SELECT DISTINCT audition_id AS id FROM audit_events')).rows,
  );
  const items = idsSchema.parse((await pool.query('SELECT audition_id AS id FROM attention_items')).rows);
  const waiting = idsSchema.parse(
    (await pool.query(`SELECT provider || ' ' || kind AS id FROM webhook_inbox WHERE state = 'received'`))
      .rows,
  );
  return [
    ...trails
      .filter(({ id }) => !known.has(id))
      .map(({ id }) => `${id}: has a trail, and the API does not list it`),
    ...items.map(({ id }) => `${id}: has an attention item in the table`),
    ...waiting.map(({ id }) => `the inbox still has a webhook: ${id}`),
  ];
};
