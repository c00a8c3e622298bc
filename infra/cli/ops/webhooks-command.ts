/**
 * `ops webhooks …`: what was told to us and matched nothing. On the database and not over HTTP: the API shows a caller
 * what belongs to their organization, and of these nobody knows whose they are.
 */
import { Command } from 'commander';
import type { Database } from '../../../db/client.ts';
import type { InboxEntry } from '../../../db/inbox/webhooks.ts';
import { createWebhookInbox } from '../../../db/inbox/webhooks.ts';
import { createVault } from '../../../db/vault/envelope-encryption.ts';
import { loadVaultConfiguration } from '../../../foundation/configuration/configuration.ts';
import { createKeyWrapping } from '../../../foundation/encryption/configured-wrapping.ts';
import { noteAct } from '../administrative-acts.ts';
import { renderTable } from '../output.ts';
import { wholeNumber } from '../whole-number.ts';
import { withDatabase } from '../with-database.ts';
import { CommandFailed } from './http-client.ts';

const count = wholeNumber('give a whole number from 1 to 10000', 10_000);

/** The relay gets through so many in seconds. */
const replayLimit = 10_000;

const withoutKeys = () => Promise.reject(new Error('there are no keys here'));
/** Sees everything but what was told. */
const sealedInbox = (db: Database) => createWebhookInbox(db, { seal: withoutKeys, open: withoutKeys });
/** With the settings of the service itself. */
const openInbox = (db: Database) =>
  createWebhookInbox(db, createVault(db, createKeyWrapping(loadVaultConfiguration())));

const note = (db: Database, act: 'webhook.read' | 'webhook.replayed', entry: InboxEntry): Promise<void> =>
  noteAct(db, 'npm run ops', {
    organization: undefined,
    act,
    target: entry.id,
    detail: { provider: entry.provider, kind: entry.kind, reason: entry.reason },
  });

const noSuch = (id: string): CommandFailed =>
  new CommandFailed(`There is no webhook ${id}: npm run ops -- webhooks list shows those that are parked.`);

const head = ['webhook', 'provider', 'kind', 'why', 'received', 'tried', 'repeated'];
const row = ({ id, provider, kind, reason, receivedAt, attempts, duplicates }: InboxEntry) => [
  id,
  provider,
  kind,
  reason ?? '',
  receivedAt.toISOString(),
  String(attempts),
  String(duplicates),
];

export const webhooksCommand = (): Command => {
  const webhooks = new Command('webhooks').description('what services told us and nobody here takes');
  webhooks
    .command('list')
    .description('list those that are parked, the newest first, and how many wait')
    .option('--provider <name>', 'those of one service: google, microsoft, zoom, twilio, smtp')
    .option('--limit <n>', 'how many at most', count, 50)
    .action((options: { provider?: string; limit: number }, command: Command) =>
      withDatabase(command, async (db, output) => {
        const inbox = sealedInbox(db);
        const [parked, lag] = [await inbox.listParked(options), await inbox.lag()];
        output.show({ parked, lag }, () =>
          [
            parked.length === 0 ? 'Nothing is parked.' : renderTable(head, parked.map(row)),
            ...lag.map(
              (one) =>
                `${one.provider}: ${one.waiting} waiting, the oldest for ${Math.round(one.oldestSeconds)} s; ${one.parked} parked`,
            ),
          ].join('\n'),
        );
      }),
    );
  webhooks
    .command('show')
    .description('show one')
    .argument('<id>', 'the webhook, as in the list')
    .option(
      '--content',
      'what was told, too: opened with the keys of the service, and noted as an act of yours',
    )
    .action((id: string, options: { content?: boolean }, command: Command) =>
      withDatabase(command, async (db, output) => {
        const found = await (options.content ? openInbox(db) : sealedInbox(db)).find(id);
        if (!found) throw noSuch(id);
        const { decrypt, ...entry } = found;
        if (options.content) await note(db, 'webhook.read', entry);
        const content = options.content ? { told: await decrypt() } : {};
        output.show({ ...entry, ...content }, () =>
          [
            renderTable([...head, 'state'], [[...row(entry), entry.state]]),
            ...(options.content ? [JSON.stringify(content.told, null, 2)] : []),
          ].join('\n'),
        );
      }),
    );
  webhooks
    .command('replay')
    .description('tell a parked one on again, or all that are parked for one reason')
    .argument('[id]', 'the webhook, as in the list')
    .option('--reason <code>', 'all that are parked for this reason, as in the list')
    .action((id: string | undefined, options: { reason?: string }, command: Command) =>
      withDatabase(command, async (db, output) => {
        const inbox = sealedInbox(db);
        const replayed: string[] = [];
        const replay = async (one: InboxEntry): Promise<void> => {
          if (!(await inbox.replay(one.id))) return;
          await note(db, 'webhook.replayed', one);
          replayed.push(one.id);
        };
        if (id !== undefined) {
          const found = await inbox.find(id);
          if (found?.state !== 'parked') throw noSuch(id);
          await replay(found);
        } else if (options.reason !== undefined) {
          for (const one of await inbox.listParked({ limit: replayLimit, reason: options.reason }))
            await replay(one);
        } else {
          throw new CommandFailed('Say which: the id of one, or --reason <code> for all of that reason.');
        }
        const more = replayed.length === replayLimit ? ' There may be more: say it again.' : '';
        output.show(
          { replayed },
          () => `${replayed.length} replayed: they are told on within seconds, or parked again.${more}`,
        );
      }),
    );
  return webhooks;
};
