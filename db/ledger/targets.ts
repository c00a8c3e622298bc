/** Seals what is needed to undo an effect. A calendar's id is usually its owner's email address. */
import { z } from 'zod';
import type { EffectTarget } from '../../domain/audition/effects.ts';
import { meetingHostSchema } from '../../domain/audition/meeting-host.ts';
import { slotSchema } from '../../domain/audition/slot.ts';
import { castingSessionIdSchema, connectionIdSchema, participantIdSchema } from '../../domain/ids.ts';
import { channels, meetingProviders, writableCalendarProviders } from '../../domain/providers/vendors.ts';
import { auditionDataKeyIn } from '../../domain/workflow-ids.ts';
import type { Vault } from '../vault/envelope-encryption.ts';
import { ledgerKeyId } from '../vault/period-keys.ts';

const calendarSchema = z.object({
  provider: z.enum(writableCalendarProviders),
  connection: connectionIdSchema,
  calendarId: z.string(),
});

/** New fields must be optional, because rows of older versions are read. */
const targetSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('calendar_event'),
    participant: participantIdSchema,
    calendar: calendarSchema,
  }),
  z.object({ kind: z.literal('room_booking'), calendar: calendarSchema }),
  z.object({
    kind: z.literal('meeting'),
    provider: z.enum(meetingProviders),
    slot: slotSchema,
    calendar: calendarSchema.optional(),
    host: meetingHostSchema.optional(),
    session: castingSessionIdSchema.optional(),
  }),
  z.object({
    kind: z.literal('notice'),
    participant: participantIdSchema,
    channel: z.enum(channels),
    generation: z.int().optional(),
  }),
]) satisfies z.ZodType<EffectTarget>;

export interface SealedTarget {
  readonly dataKey: string;
  readonly sealedTarget: string;
}

const contextOf = (key: string): string => `operations ${key}`;

/** Seals the target of the operation with this key, under the data key of its audition if it has one. */
export const sealTarget = async (
  vault: Pick<Vault, 'seal'>,
  key: string,
  target: EffectTarget,
  now: Date,
): Promise<SealedTarget> => {
  const dataKey = auditionDataKeyIn(key) ?? ledgerKeyId(now);
  return { dataKey, sealedTarget: await vault.seal(dataKey, JSON.stringify(target), contextOf(key)) };
};

/** @throws the errors of `Vault.open`. */
export const openTarget = async (
  vault: Pick<Vault, 'open'>,
  key: string,
  { dataKey, sealedTarget }: SealedTarget,
): Promise<EffectTarget> =>
  targetSchema.parse(JSON.parse(await vault.open(dataKey, sealedTarget, contextOf(key))));
