/**
 * `npm run docs:screenshots -- <workflow page>`: takes the screenshots of the documentation from the running stack, such
 * as after `npm run demo -- --keep`. Needs Chromium.
 */
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import { type BrowserContextOptions, chromium } from 'playwright-core';
import { z } from 'zod';
import { readApiSettings } from '../../foundation/configuration/cli-configuration.ts';

const pictures = fileURLToPath(new URL('../../docs/images/', import.meta.url));

/** Disables the browser's own network requests. */
const chromiumArguments = [
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

interface Options {
  readonly chromium: string;
  readonly sandbox: string;
}

/** Returns a link to the page on which the organization's accounts are connected. */
const connectionsPage = async (): Promise<string> => {
  const { url, key } = readApiSettings();
  const response = await fetch(`${url}/v1/connections/page`, { headers: { authorization: `Bearer ${key}` } });
  return z.object({ url: z.url() }).parse(await response.json()).url;
};

const wide = { viewport: { width: 1400, height: 1300 } } satisfies BrowserContextOptions;
const narrow = { viewport: { width: 900, height: 1100 } } satisfies BrowserContextOptions;

await new Command('screenshots')
  .description('Takes the screenshots in docs/images from the running local stack.')
  .argument('<workflow>', "address of an audition's page in the Web UI, as printed by the demo")
  .addOption(
    new Option('--chromium <path>', 'path of the browser').env('CHROMIUM').default('/usr/bin/chromium'),
  )
  .addOption(
    new Option('--sandbox <address>', 'address of the provider sandbox')
      .env('GOOGLE_API_URL')
      .default('http://127.0.0.1:4010'),
  )
  .action(async (workflow: string, options: Options) => {
    const browser = await chromium.launch({ executablePath: options.chromium, args: chromiumArguments });
    const pages = [
      { name: 'web-ui', address: workflow, view: wide },
      { name: 'sandbox', address: options.sandbox, view: wide },
      { name: 'connections', address: await connectionsPage(), view: narrow },
    ];
    for (const { name, address, view } of pages) {
      const page = await browser.newPage({ ...view, locale: 'en-GB' });
      await page.goto(address, { waitUntil: 'networkidle' }).catch(() => page.goto(address));
      // After the page has loaded, the codec server decrypts the history and the Web UI renders it.
      await page.waitForTimeout(4_000);
      await page.screenshot({ path: `${pictures}${name}.png` });
      console.log(`docs/images/${name}.png`);
    }
    await browser.close();
  })
  .parseAsync();
