/**
 * `npm run docs:screenshots -- <workflow page>`: takes the screenshots of the documentation from a running
 * stack, such as after `npm run demo -- --keep`. Needs Chromium.
 */
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { chromium } from 'playwright-core';

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
  readonly inbox: string;
}

await new Command('screenshots')
  .argument('<workflow>', "address of an audition's page in the Web UI, as printed by the demo")
  .option('--chromium <path>', 'path of the browser', '/usr/bin/chromium')
  .option('--sandbox <address>', 'address of the provider sandbox', 'http://127.0.0.1:4010')
  .option('--inbox <address>', 'address of the inbox', 'http://127.0.0.1:1080')
  .action(async (workflow: string, options: Options) => {
    const browser = await chromium.launch({ executablePath: options.chromium, args: chromiumArguments });
    const page = await browser.newPage({ viewport: { width: 1400, height: 1300 } });
    const pages = { 'web-ui': workflow, sandbox: options.sandbox, inbox: options.inbox };
    for (const [name, address] of Object.entries(pages)) {
      await page.goto(address, { waitUntil: 'networkidle' }).catch(() => page.goto(address));
      // After the page has loaded, the codec server decrypts the history and the Web UI renders it.
      await page.waitForTimeout(4_000);
      await page.screenshot({ path: `${pictures}${name}.png` });
      console.log(`docs/images/${name}.png`);
    }
    await browser.close();
  })
  .parseAsync();
