/** Appends facts to a trail: leaves out those that are in it, folds the others, and writes them with the read model. */
import { sql } from 'drizzle-orm';
import {
  type AuditionEvent,
  type AuditionFactType,
  auditionEventSchema,
} from '../../domain/audition/events.ts';
import { systemPrincipal } from '../../domain/audition/principal.ts';
import type { TrailFact, TrailPosition } from '../../domain/audition/trail-facts.ts';
import { isFactAllowed, transitionOn } from '../../domain/audition/transitions.ts';
import { type AuditionView, createView, foldEvent, IllegalTransition } from '../../domain/audition/view.ts';
import type { AuditionId } from '../../domain/ids.ts';
import type { Database } from '../client.ts';
import { TrailMoved } from '../errors.ts';
import { storableText } from '../storable-text.ts';
import { chainEvents, genesisHash } from './hash-chain.ts';
import { type KnownTail, knownTailsOf } from './known-tails.ts';
import {
  type Caller,
  emptyTail,
  identityOf,
  isViewStale,
  readLastSequence,
  readTail,
  viewAt,
} from './tail.ts';
import type { TrailProtection } from './trail-protection.ts';
import type { TrailTexts } from './trail-texts.ts';
import { writeEvents } from './write.ts';

/** The run that appends, and its position in the trail. */
export interface TrailCall {
  readonly auditionId: AuditionId;
  /** The id of the workflow's run. A reset and continue-as-new change it. */
  readonly run: string;
  readonly position: TrailPosition;
}

/** The facts that the caller appends after those of its position. */
export interface OwnFacts {
  readonly facts?: readonly TrailFact[] | undefined;
  /** Facts that are left out when the transition table does not allow them in the stored state. */
  readonly ifAllowed?: readonly TrailFact[] | undefined;
  /**
   * The revision of the slot that `ifAllowed` is about. When the stored slot has another one, a fact that would change
   * the state is left out too: the caller is late.
   */
  readonly ifRevision?: number | undefined;
}

export interface Appended {
  /** The sequence of the trail's last event. */
  readonly sequence: number;
  /** The events that this call has appended. Facts that were in the trail already are not among them. */
  readonly appended: readonly AuditionEvent[];
  /** The facts of `ifAllowed` that are not in the trail. */
  readonly notAllowed: readonly TrailFact[];
}

/**
 * Is told of the events that an append has added to a trail, after the commit. Events that were in the trail before are
 * not among them, so each event is reported at most once. Must not throw.
 */
export type AppendObserver = (auditionId: AuditionId, appended: readonly AuditionEvent[]) => void;

/** A fact of `ifAllowed` is left out, and with it the change that belongs to the facts. Nothing was written. */
export class FactsLeftOut extends Error {
  override readonly name = 'FactsLeftOut';
}

/** A statement of another writer can come between the read and the write. This rarely happens more than once. */
const optimisticAttempts = 2;
/** After that, the writers of the audition queue up. Only a writer at its first attempts can then come between. */
const maxAttempts = 20;

/**
 * Appends the facts of the call and the caller's own. An append to a trail whose end this process knows takes one round
 * trip, others take two or three, a call without facts takes one.
 * @param change runs in the transaction of the append, before it. When it throws, nothing is written.
 * @throws FactsLeftOut when there is a `change` and a fact of `ifAllowed` is not allowed. Then nothing is written.
 */
export const appendFacts = async (
  db: Database,
  protection: TrailProtection,
  call: TrailCall,
  own: OwnFacts = {},
  change?: (transaction: Database) => Promise<void>,
): Promise<Appended> => {
  const batch = batchOf(call, own);
  const tails = knownTailsOf(db);
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const append = (on: Database) => appendBatch(on, protection, batch, tails, attempt === 0);
    try {
      if (attempt < optimisticAttempts && !change) return await append(db);
      return await db.transaction(async (transaction) => {
        if (attempt >= optimisticAttempts) await queueUp(transaction, call.auditionId);
        await change?.(transaction);
        const appended = await append(transaction);
        if (change && appended.notAllowed.length > 0)
          throw new FactsLeftOut(`the state of ${call.auditionId} does not allow the facts of the change`);
        return appended;
      });
    } catch (error) {
      if (!(error instanceof TrailMoved)) throw error;
    }
  }
  throw new Error(
    `the trail of ${call.auditionId} was appended to concurrently ${maxAttempts} times: try again`,
  );
};

interface Batch {
  readonly caller: Caller;
  readonly facts: readonly TrailFact[];
  readonly ifAllowed: readonly TrailFact[];
  readonly ifRevision: number | undefined;
}

const batchOf = (
  { auditionId, run, position }: TrailCall,
  { facts = [], ifAllowed = [], ifRevision }: OwnFacts,
): Batch => ({
  caller: { auditionId, run, knows: knownNumber(position, [...facts, ...ifAllowed]) },
  facts: [...position.facts, ...facts],
  ifAllowed,
  ifRevision,
});

/**
 * Returns the number of the last fact that the run knows to be in the trail. The numbers of its facts can have gaps: the
 * run reserves numbers for facts that an activity may append.
 */
const knownNumber = ({ facts, number }: TrailPosition, own: readonly TrailFact[]): number => {
  const before = facts.flatMap(numberOf);
  const all = [...before, ...own.flatMap(numberOf)];
  return Math.min(number - before.length, ...all.map((unwritten) => unwritten - 1));
};

const numberOf = (fact: TrailFact): readonly number[] => ('number' in fact ? [fact.number] : []);

const isFirstOfTrail = ({ facts: [first] }: Batch): boolean =>
  first !== undefined && 'number' in first && first.number === 1;

const queueUp = async (transaction: Database, auditionId: AuditionId): Promise<void> => {
  await transaction.execute(
    sql`SELECT pg_advisory_xact_lock(hashtextextended(${`audit_events ${auditionId}`}, 0))`,
  );
};

const appendBatch = async (
  db: Database,
  protection: TrailProtection,
  batch: Batch,
  tails: ReturnType<typeof knownTailsOf>,
  isFirstAttempt: boolean,
): Promise<Appended> => {
  const { caller } = batch;
  const { texts, codes } = protection;
  const all = [...batch.facts, ...batch.ifAllowed];
  if (all.length === 0) {
    return { sequence: await readLastSequence(db, caller), appended: [], notAllowed: [] };
  }
  const remember = (tail: KnownTail) => tails.put(caller.auditionId, tail);
  const isNew = isFirstAttempt && isFirstOfTrail(batch);
  const remembered = isFirstAttempt && !isNew ? tails.get(caller.auditionId) : undefined;
  const appended = remembered && (await appendOntoRemembered(db, protection, batch, remembered));
  if (appended) {
    remember(appended.tail);
    return appended.result;
  }
  const tail = isNew ? emptyTail : await readTail(db, caller, all);
  const known = { sequence: tail.last?.sequence ?? 0, appended: [], notAllowed: [] };
  if (all.every((fact) => tail.known.has(identityOf(fact)))) return known;
  const view = await viewAt(db, texts, caller.auditionId, tail);
  const { after, events, notAllowed } = foldOnto(view, tail.known, batch);
  if (!after || events.length === 0) return { ...known, notAllowed };
  if (after.id !== caller.auditionId) {
    throw new RangeError(`the trail of ${caller.auditionId} cannot begin with the request of ${after.id}`);
  }
  const previousHash = tail.last?.hash ?? genesisHash;
  const links = chainEvents(caller.auditionId, previousHash, await sealEvents(texts, after.id, events));
  const attentionChanged = isViewStale(tail) || view?.attention !== after.attention;
  await writeEvents(db, codes, {
    run: caller.run,
    events: links,
    facts: events.map(({ fact }) => fact),
    after: await texts.sealView(after),
    attentionChanged,
  });
  remember(tailAfter(after, links));
  return { sequence: after.sequence, appended: events.map(withoutIdentity), notAllowed };
};

/**
 * Appends onto a remembered end, without reading it. Returns undefined when nothing was written: the trail has another
 * end, the facts are in it already, or only its end can tell which of them are allowed.
 */
const appendOntoRemembered = async (
  db: Database,
  { texts, codes }: TrailProtection,
  batch: Batch,
  { sequence, hash, view }: KnownTail,
): Promise<{ readonly result: Appended; readonly tail: KnownTail } | undefined> => {
  const { caller } = batch;
  const folded = tryFolding(view, batch);
  if (!folded?.after || folded.events.length === 0 || folded.notAllowed.length > 0) return undefined;
  const { after, events, notAllowed } = folded;
  const links = chainEvents(caller.auditionId, hash, await sealEvents(texts, after.id, events));
  const isWritten = await writeEvents(db, codes, {
    run: caller.run,
    events: links,
    facts: events.map(({ fact }) => fact),
    after: await texts.sealView(after),
    attentionChanged: view.attention !== after.attention,
    guard: { sequence, hash, knows: caller.knows },
  });
  if (!isWritten) return undefined;
  const result = { sequence: after.sequence, appended: events.map(withoutIdentity), notAllowed };
  return { result, tail: tailAfter(after, links) };
};

const sealEvents = (texts: TrailTexts, auditionId: AuditionId, events: readonly IdentifiedEvent[]) =>
  Promise.all(
    events.map(async (event) => ({ ...event, fact: await texts.sealFact(auditionId, event.fact) })),
  );

/** A fact that is in the trail already, or follows facts of another process, can be an illegal transition here. */
const tryFolding = (view: AuditionView, batch: Batch) => {
  try {
    return foldOnto(view, new Set(), batch);
  } catch (error) {
    if (error instanceof IllegalTransition) return undefined;
    throw error;
  }
};

const tailAfter = (after: AuditionView, links: readonly { readonly hash: string }[]): KnownTail => ({
  sequence: after.sequence,
  hash: links.at(-1)?.hash ?? genesisHash,
  view: after,
});

interface IdentifiedEvent extends AuditionEvent {
  readonly number: number | null;
  readonly key: string | null;
}

const withoutIdentity = ({
  sequence,
  at,
  correlationId,
  principal,
  fact,
}: IdentifiedEvent): AuditionEvent => ({
  sequence,
  at,
  correlationId,
  principal,
  fact,
});

/** Folds the facts that are not in the trail, in order. */
const foldOnto = (
  before: AuditionView | undefined,
  stored: ReadonlySet<string>,
  { facts, ifAllowed, ifRevision }: Batch,
) => {
  const known = new Set(stored);
  const events: IdentifiedEvent[] = [];
  const notAllowed: TrailFact[] = [];
  let view = before;
  const add = (fact: TrailFact) => {
    const event = toEvent(fact, (view?.sequence ?? 0) + 1);
    view = view ? foldEvent(view, event) : createView(event);
    events.push({
      ...event,
      number: 'number' in fact ? fact.number : null,
      key: 'key' in fact ? fact.key : null,
    });
    known.add(identityOf(fact));
  };
  for (const fact of facts) if (!known.has(identityOf(fact))) add(fact);
  for (const fact of ifAllowed) {
    if (known.has(identityOf(fact))) continue;
    if (view && isAllowed(view, fact.fact.type, ifRevision)) add(fact);
    else notAllowed.push(fact);
  }
  return { after: view, events, notAllowed };
};

/** Returns whether the fact can follow. One that changes the state is late when the slot has another revision. */
const isAllowed = (
  { state, revision }: AuditionView,
  type: AuditionFactType,
  ifRevision?: number,
): boolean => {
  const isLate =
    ifRevision !== undefined && ifRevision !== revision && transitionOn(state, type) !== undefined;
  return !isLate && isFactAllowed(state, type);
};

/**
 * Returns the fact as an event that can be stored.
 * @throws {z.ZodError} when it does not match its schema.
 */
const toEvent = (
  { at, correlationId, principal = systemPrincipal, fact }: TrailFact,
  sequence: number,
): AuditionEvent =>
  auditionEventSchema.parse(
    JSON.parse(JSON.stringify({ sequence, at, correlationId, principal, fact }), replaceUnstorableText),
  );

/** Replaces NUL and lone surrogates, which `jsonb` rejects and a vendor's message can contain. */
const replaceUnstorableText = (_key: string, value: unknown): unknown =>
  typeof value === 'string' ? storableText(value) : value;
