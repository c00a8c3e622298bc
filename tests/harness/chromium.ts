/** Launches a headless Chromium if the machine has one. Its background requests to the network are switched off. */
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const executable = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
  (path) => path !== undefined && existsSync(path),
);

export const hasChromium = executable !== undefined;
if (!hasChromium) {
  process.stderr.write('Chromium not found; browser tests skipped (set CHROMIUM to its path to run them)\n');
}

/**
 * Launches the browser.
 * @throws Error when the machine has no Chromium
 */
export const launchChromium = (): Promise<Browser> => {
  if (executable === undefined) throw new Error('Chromium not found; set CHROMIUM to its path');
  return chromium.launch({
    executablePath: executable,
    args: [
      '--no-sandbox',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  });
};
