/** A real browser without a window, where the machine has a Chromium: nothing but what is asked for leaves the machine. */
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const executable = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
  (path) => path !== undefined && existsSync(path),
);

export const hasChromium = executable !== undefined;
if (!hasChromium) {
  process.stderr.write('no Chromium on this machine (CHROMIUM names another): its tests are skipped\n');
}

export const launchChromium = (): Promise<Browser> => {
  if (executable === undefined) throw new Error('there is no Chromium on this machine');
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
