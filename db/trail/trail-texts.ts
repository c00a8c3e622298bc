/**
 * Seals the texts of facts and views that people have written, or that say where they meet: they can name anyone. They are
 * sealed under the data key of the audition. The hash chain covers the sealed form, so it still verifies after the key was
 * destroyed.
 */
import { z } from 'zod';
import type { AuditionFact, AuditionFactType } from '../../domain/audition/events.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import { auditionDataKey } from '../../domain/workflow-ids.ts';
import { NotAuthentic } from '../../foundation/encryption/aes-gcm.ts';
import { DataKeyDestroyed, type Vault } from '../vault/envelope-encryption.ts';

/** Stands for a text whose key was destroyed, because a person of the audition was erased. */
export const erasedText = '[erased]';

type Path = readonly string[];

const reason: Path = ['reason'];
/** The address of a room can be that of a person: a person's home is a room too, and any calendar of an account can be named. */
const place: readonly Path[] = [
  ['slot', 'room'],
  ['slot', 'roomCalendar', 'email'],
];

/** The texts of the facts. Other facts contain ids, times and codes only. */
const textsOf: Readonly<Partial<Record<AuditionFactType, readonly Path[]>>> = {
  slot_held: place,
  slot_moved: [...place, reason],
  move_reverted: [...place, reason],
  move_refused: [reason],
  reopened_for_decision: [reason],
  reopened_for_session: [...place, reason],
  attention_resolved: [['note']],
  step_skipped: [['detail']],
  cancelled: [reason],
  failed: [reason],
};

/** A sealed text says so. Texts of earlier versions are not sealed. */
const prefix = 'sealed:';
const context = 'trail';

export interface TrailTexts {
  /** Returns the fact as it is stored and hashed. */
  sealFact(auditionId: string, fact: AuditionFact): Promise<unknown>;
  /** Returns the stored fact with its texts. A text whose key was destroyed is `erasedText`. */
  openFact(auditionId: string, stored: unknown): Promise<unknown>;
  /** Returns the view as it is stored. */
  sealView(view: AuditionView): Promise<AuditionView>;
  /** Returns the stored view with its texts. */
  openView(stored: AuditionView): Promise<AuditionView>;
  /** Returns one text of a stored view. A text whose key was destroyed is `erasedText`. */
  open(auditionId: string, stored: string): Promise<string>;
}

/** Creates the sealing of a trail's texts. A fact without texts needs no key. */
export const createTrailTexts = (vault: Pick<Vault, 'seal' | 'open'>): TrailTexts => {
  /** A late fact of an audition whose key was erased is stored without its texts. */
  const seal = async (auditionId: string, text: string): Promise<string> => {
    try {
      return `${prefix}${await vault.seal(auditionDataKey(auditionId), text, context)}`;
    } catch (error) {
      if (error instanceof DataKeyDestroyed) return erasedText;
      throw error;
    }
  };

  const open = async (auditionId: string, stored: string): Promise<string> => {
    if (!stored.startsWith(prefix)) return stored;
    try {
      return await vault.open(auditionDataKey(auditionId), stored.slice(prefix.length), context);
    } catch (error) {
      if (error instanceof NotAuthentic) return erasedText;
      throw error;
    }
  };

  return {
    sealFact: (auditionId, fact) => inFact(fact, (text) => seal(auditionId, text)),
    openFact: (auditionId, stored) => inFact(stored, (text) => open(auditionId, text)),
    sealView: (view) => inView(view, seal),
    openView: (view) => inView(view, open),
    open,
  };
};

const inView = async (
  view: AuditionView,
  change: (auditionId: string, text: string) => Promise<string>,
): Promise<AuditionView> => {
  const { id, slot } = view;
  if (slot?.room === undefined) return view;
  const { roomCalendar } = slot;
  const [room, email] = await Promise.all([
    change(id, slot.room),
    roomCalendar && change(id, roomCalendar.email),
  ]);
  return {
    ...view,
    slot: {
      ...slot,
      room,
      ...(roomCalendar && email !== undefined && { roomCalendar: { ...roomCalendar, email } }),
    },
  };
};

const typeSchema = z.looseObject({ type: z.string() });
const objectSchema = z.record(z.string(), z.unknown());
const pathsByType = new Map<string, readonly Path[]>(Object.entries(textsOf));

const inFact = async (fact: unknown, change: (text: string) => Promise<string>): Promise<unknown> => {
  const { type } = typeSchema.parse(fact);
  let changed = fact;
  for (const path of pathsByType.get(type) ?? []) changed = await at(changed, path, change);
  return changed;
};

/** Returns the value with another text at the path, if there is one. */
const at = async (
  value: unknown,
  [name, ...rest]: Path,
  change: (text: string) => Promise<string>,
): Promise<unknown> => {
  if (name === undefined) return typeof value === 'string' ? change(value) : value;
  const object = objectSchema.safeParse(value);
  if (!object.success || object.data[name] === undefined) return value;
  return { ...object.data, [name]: await at(object.data[name], rest, change) };
};
