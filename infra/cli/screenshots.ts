/**
 * `npm run docs:screenshots -- <workflow's page>`: takes the pictures of the documents from a stack that is up, as after
 * `npm run demo -- --keep`. Needs a Chromium on the machine; nothing else in the project does.
 */
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { chromium } from 'playwright-core';

const pictures = fileURLToPath(new URL('../../docs/images/', import.meta.url));

/** Nothing but what is asked for leaves the machine. */
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
  .argument('<workflow>', "address of an audition's page in the Web UI, as the demo prints it")
  .option('--chromium <path>', 'the browser', '/usr/bin/chromium')
  .option('--sandbox <address>', 'the provider sandbox', 'http://127.0.0.1:4010')
  .option('--inbox <address>', 'the inbox', 'http://127.0.0.1:1080')
  .action(async (workflow: string, options: Options) => {
    const browser = await chromium.launch({ executablePath: options.chromium, args: chromiumArguments });
    const page = await browser.newPage({ viewport: { width: 1400, height: 1300 } });
    const pages = { 'web-ui': workflow, sandbox: options.sandbox, inbox: options.inbox };
    for (const [name, address] of Object.entries(pages)) {
      await page.goto(address, { waitUntil: 'networkidle' }).catch(() => page.goto(address));
      // The Web UI draws its history, and the codec server decrypts it, after the page has loaded.
      await page.waitForTimeout(4_000);
      await page.screenshot({ path: `${pictures}${name}.png` });
      console.log(`docs/images/${name}.png`);
    }
    await browser.close();
  })
  .parseAsync();
