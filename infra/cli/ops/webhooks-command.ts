/**
 * `ops webhooks …`: shows and replays parked webhooks. Uses the database directly: the API shows only data of
 * the caller's organization, and the organization of a parked webhook is unknown.
 */
import { Command, Option } from 'commander';
import type { Database } from '../../../db/client.ts';
import type { InboxEntry } from '../../../db/inbox/webhooks.ts';
import { createWebhookInbox } from '../../../db/inbox/webhooks.ts';
import { createVault } from '../../../db/vault/envelope-encryption.ts';
import { vendorNames } from '../../../domain/providers/vendors.ts';
import { loadVaultConfiguration } from '../../../foundation/configuration/configuration.ts';
import { createKeyWrapping } from '../../../foundation/encryption/configured-wrapping.ts';
import { noteAct } from '../administrative-acts.ts';
import { renderFacts, renderTable } from '../table.ts';
import { wholeNumber } from '../whole-number.ts';
import { withDatabase } from '../with-database.ts';
import { CommandFailed } from './http-client.ts';

const count = wholeNumber('use a whole number from 1 to 10000', 10_000);

/** The relay delivers this many webhooks within seconds. */
const replayLimit = 10_000;

const withoutKeys = () =>
  Promise.reject(new Error('the content of webhooks is not readable without --content'));
/** An inbox that cannot decrypt the content of webhooks. */
const sealedInbox = (db: Database) => createWebhookInbox(db, { seal: withoutKeys, open: withoutKeys });
/** An inbox that decrypts the content of webhooks with the settings of the service. */
const openInbox = (db: Database, keys: Database) =>
  createWebhookInbox(db, createVault(keys, createKeyWrapping(loadVaultConfiguration())));

const note = (db: Database, act: 'webhook.read' | 'webhook.replayed', entry: InboxEntry): Promise<void> =>
  noteAct(db, 'npm run ops', {
    organization: undefined,
    act,
    target: entry.id,
    detail: { provider: entry.provider, kind: entry.kind, reason: entry.reason },
  });

const noSuch = (id: string): CommandFailed =>
  new CommandFailed(`There is no webhook ${id}. List the parked webhooks with: npm run ops -- webhooks list`);

const head = ['webhook', 'kind', 'reason', 'received', 'tried'];
/** The id has 40 characters, so that the others share the rest of the line. */
const row = ({ id, provider, kind, reason, receivedAt, attempts, duplicates }: InboxEntry) => [
  `${id}\n${provider}`,
  `${kind}\n${duplicates} duplicates`,
  reason ?? '',
  receivedAt
    .toISOString()
    .replace('T', '\n')
    .replace(/\.\d+Z$/, 'Z'),
  String(attempts),
];

const factsOf = (
  entry: InboxEntry & { readonly state: string },
): readonly (readonly [name: string, value: string])[] => [
  ['webhook', entry.id],
  ['provider', entry.provider],
  ['kind', entry.kind],
  ['state', entry.state],
  ['reason', entry.reason ?? ''],
  ['received', entry.receivedAt.toISOString()],
  ['attempts', String(entry.attempts)],
  ['duplicates', String(entry.duplicates)],
];

/** Creates the command `ops webhooks`. */
export const webhooksCommand = (): Command => {
  const webhooks = new Command('webhooks').description('webhooks that matched no audition and are parked');
  webhooks
    .command('list')
    .description('list the parked webhooks, newest first, and count those that wait for delivery')
    .addOption(new Option('--provider <name>', 'webhooks of one provider').choices(vendorNames))
    .option('--limit <n>', 'the maximum number of webhooks', count, 50)
    .action((options: { provider?: string; limit: number }, command: Command) =>
      withDatabase(command, async (db, output) => {
        const inbox = sealedInbox(db);
        const [parked, lag] = [await inbox.listParked(options), await inbox.lag()];
        output.show({ parked, lag }, () =>
          [
            parked.length === 0 ? 'No webhook is parked.' : renderTable(head, parked.map(row)),
            ...lag.map(
              (lagOfProvider) =>
                `${lagOfProvider.provider}: ${lagOfProvider.waiting} waiting, the oldest for ${Math.round(lagOfProvider.oldestSeconds)} s; ${lagOfProvider.parked} parked`,
            ),
          ].join('\n'),
        );
      }),
    );
  webhooks
    .command('show')
    .description('show a webhook')
    .argument('<id>', 'the id of the webhook, as in the list')
    .option(
      '--content',
      'show the content too: decrypted with the keys of the service, and recorded as an administrative act',
    )
    .action((id: string, options: { content?: boolean }, command: Command) =>
      withDatabase(command, async (db, output, keys) => {
        const found = await (options.content ? openInbox(db, keys) : sealedInbox(db)).find(id);
        if (!found) throw noSuch(id);
        const { decrypt, ...entry } = found;
        if (options.content) await note(db, 'webhook.read', entry);
        const content = options.content ? { content: await decrypt() } : {};
        output.show({ ...entry, ...content }, () =>
          [
            renderFacts(factsOf(entry)),
            ...(options.content ? [JSON.stringify(content.content, null, 2)] : []),
          ].join('\n'),
        );
      }),
    );
  webhooks
    .command('replay')
    .description('deliver a parked webhook again, or all webhooks that are parked for one reason')
    .argument('[id]', 'the id of the webhook, as in the list')
    .option('--reason <code>', 'all webhooks that are parked for this reason, as in the list')
    .action((id: string | undefined, options: { reason?: string }, command: Command) =>
      withDatabase(command, async (db, output) => {
        const inbox = sealedInbox(db);
        const replayed: string[] = [];
        const replay = async (entry: InboxEntry): Promise<void> => {
          if (!(await inbox.replay(entry.id))) return;
          await note(db, 'webhook.replayed', entry);
          replayed.push(entry.id);
        };
        if (id !== undefined) {
          const found = await inbox.find(id);
          if (found?.state !== 'parked') throw noSuch(id);
          await replay(found);
        } else if (options.reason !== undefined) {
          for (const entry of await inbox.listParked({ limit: replayLimit, reason: options.reason }))
            await replay(entry);
        } else {
          throw new CommandFailed(
            'No webhook selected. Pass an id, or --reason <code> for all webhooks of that reason.',
          );
        }
        const more = replayed.length === replayLimit ? ' There may be more: run the command again.' : '';
        output.show(
          { replayed },
          () => `${replayed.length} replayed: each is delivered within seconds, or parked again.${more}`,
        );
      }),
    );
  return webhooks;
};
