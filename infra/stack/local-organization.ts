/** Seeds a local database with one organization, its API keys, and connections to the sandbox's calendars. */
import { createDatabaseClient } from '../../db/client.ts';
import { createRepositories } from '../../db/index.ts';
import type { ConnectionId, OrganizationId } from '../../domain/ids.ts';
import { createKeyWrapping } from '../../foundation/encryption/configured-wrapping.ts';
import { loadConfiguration } from '../../providers/configuration.ts';
import { calendarListScope, googleScopes } from '../../providers/google/settings.ts';

export const localOrganization: OrganizationId = 'org_local';

/** Public keys. They grant access only to a local stack. */
export const localApiKeys = {
  backend: 'castmatch-local-backend-key',
  operator: 'castmatch-local-operator-key',
  admin: 'castmatch-local-admin-key',
} as const;

/** The Microsoft account of the local organization. It hosts its Teams meetings. */
const localOutlookAccount = 'outlook@castmatch.example';

/** The connections and their Google accounts. */
export const localConnections = {
  conn_casting_office: 'casting-office@castmatch.example',
  conn_casting_director: 'casting-director@castmatch.example',
  conn_performer: 'performer@castmatch.example',
  conn_reader: 'reader@castmatch.example',
} as const satisfies Readonly<Record<ConnectionId, string>>;

/**
 * Returns whether the public keys may be added to the database. An external database gets them only with
 * CASTMATCH_ENV `local` or `test`, because the keys are public in this repository.
 */
export const mayBeSeeded = ({ DATABASE_URL, CASTMATCH_ENV }: NodeJS.ProcessEnv): boolean =>
  DATABASE_URL
    ? CASTMATCH_ENV === 'local' || CASTMATCH_ENV === 'test'
    : CASTMATCH_ENV !== 'staging' && CASTMATCH_ENV !== 'production';

/**
 * Adds or restores the local organization, its keys and its connections. Keeps its rules about conflicts and its settings of
 * meetings, and changes nothing else in the database.
 */
export const seedLocalOrganization = async (env: NodeJS.ProcessEnv): Promise<void> => {
  const configuration = loadConfiguration(env);
  const { db, close } = createDatabaseClient(configuration.databaseUrl, { poolSize: 2 });
  const keys = createDatabaseClient(configuration.keyDatabaseUrl, { poolSize: 2 });
  try {
    const { organizations, meetingPreferences, apiKeys, connections } = createRepositories(
      db,
      createKeyWrapping(configuration),
      keys.db,
    );
    const existing = await organizations.get(localOrganization);
    await organizations.put({
      id: localOrganization,
      name: 'Local casting office',
      meetingProviders: ['zoom', 'google_meet'],
      meetCalendar: { connection: 'conn_casting_office', calendarId: 'primary' },
      conflicts: existing?.conflicts,
      meetingBackup: existing?.meetingBackup,
    });
    if (!(await meetingPreferences.get(localOrganization))) {
      await meetingPreferences.set(localOrganization, {
        hosts: { microsoft_teams: [{ kind: 'connection', connection: 'conn_outlook' }] },
      });
    }
    for (const [role, secret] of [
      ['backend', localApiKeys.backend],
      ['operator', localApiKeys.operator],
      ['admin', localApiKeys.admin],
    ] as const) {
      await apiKeys.put({ secret, role, organization: localOrganization, label: `local ${role}` });
    }
    for (const [id, account, provider] of connectionEntries) {
      await connections.put({
        id,
        account,
        organization: localOrganization,
        provider,
        refreshToken: `sandbox-refresh-${account}`,
        scopes: provider === 'google' ? [...googleScopes.required, calendarListScope] : undefined,
      });
    }
  } finally {
    await Promise.all([close(), keys.close()]);
  }
};

const connectionEntries: readonly (readonly [ConnectionId, string, 'google' | 'microsoft'])[] = [
  ['conn_casting_office', localConnections.conn_casting_office, 'google'],
  ['conn_casting_director', localConnections.conn_casting_director, 'google'],
  ['conn_performer', localConnections.conn_performer, 'google'],
  ['conn_reader', localConnections.conn_reader, 'google'],
  ['conn_outlook', localOutlookAccount, 'microsoft'],
];
