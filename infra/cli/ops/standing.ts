/** What stands of an audition according to the holds and the ledger. Uses the database directly. */
import { createAuditionRecords } from '../../../db/auditions/records.ts';
import { createDatabaseClient } from '../../../db/client.ts';
import { createOperationLedger } from '../../../db/ledger/operations.ts';
import { createTrailTexts } from '../../../db/trail/trail-texts.ts';
import { createVault } from '../../../db/vault/envelope-encryption.ts';
import type { StandingEffect } from '../../../domain/audition/effects.ts';
import type { AuditionId } from '../../../domain/ids.ts';
import { auditionWorkflowId } from '../../../domain/workflow-ids.ts';
import { loadVaultConfiguration } from '../../../foundation/configuration/configuration.ts';
import { createKeyWrapping } from '../../../foundation/encryption/configured-wrapping.ts';
import { renderTable } from '../table.ts';

export interface Standing {
  readonly holds: readonly {
    readonly claim: number;
    readonly resource: string;
    readonly start: string;
    readonly end: string;
  }[];
  readonly effects: readonly StandingEffect[];
}

/**
 * Reads the holds and the effects. The targets of effects are encrypted, because the id of a calendar is usually an
 * email address.
 * @throws {ConfigurationError} when DATABASE_URL or a master key is missing.
 */
export const readStanding = async (id: AuditionId): Promise<Standing> => {
  const configuration = loadVaultConfiguration();
  const options = { poolSize: 2, applicationName: 'castmatch-ops' };
  const { db, close } = createDatabaseClient(configuration.databaseUrl, options);
  const keys = createDatabaseClient(configuration.keyDatabaseUrl, options);
  try {
    const vault = createVault(keys.db, createKeyWrapping(configuration));
    const ledger = createOperationLedger(db, vault);
    const [holds, effects] = await Promise.all([
      createAuditionRecords(db, createTrailTexts(vault)).listHolds(id),
      ledger.standingEffects(id),
    ]);
    return { holds, effects };
  } finally {
    await Promise.all([close(), keys.close()]);
  }
};

const describeTarget = ({ target }: StandingEffect): readonly string[] => {
  switch (target.kind) {
    case 'calendar_event':
      return [
        'calendar event',
        target.participant,
        `${target.calendar.connection} ${target.calendar.calendarId}`,
      ];
    case 'room_booking':
      return ['booking of the room', '', `${target.calendar.connection} ${target.calendar.calendarId}`];
    case 'meeting':
      return [
        `meeting on ${target.provider}`,
        target.slot.start,
        target.calendar ? `${target.calendar.connection} ${target.calendar.calendarId}` : '',
      ];
    case 'notice':
      return ['notice', target.participant, target.channel];
  }
};

/** The hash of a calendar's name has 64 digits. The first ones are enough to compare two holds. */
const shortResource = (resource: string): string =>
  resource.replace(/^(calendar:[0-9a-f]{12})[0-9a-f]+$/, '$1…');

/** Returns the tables for the terminal. */
export const renderStanding = (id: AuditionId, { holds, effects }: Standing): readonly string[] => [
  holds.length === 0
    ? 'No slot is held.'
    : renderTable(
        ['held', 'from', 'until', 'claim'],
        holds.map(({ claim, resource, start, end }) => [shortResource(resource), start, end, String(claim)]),
      ),
  effects.length === 0
    ? 'Nothing stands at the providers.'
    : renderTable(
        ['stands at the provider', 'for', 'where', 'step in the ledger'],
        effects.map((effect) => [
          ...describeTarget(effect),
          effect.key.replace(`${auditionWorkflowId(id)}:`, ''),
        ]),
      ),
];
