/** Starts the provider sandbox, which simulates each vendor without a variable. */
import { join } from 'node:path';
import { appleVariables } from '../../../providers/apple/settings.ts';
import { googleVariables } from '../../../providers/google/settings.ts';
import { microsoftVariables } from '../../../providers/microsoft/settings.ts';
import { twilioVariables } from '../../../providers/twilio/settings.ts';
import { zoomVariables } from '../../../providers/zoom/settings.ts';
import type { Progress } from '../build-once.ts';
import { projectPath } from '../paths.ts';
import { preferredPorts } from '../ports.ts';
import { isHttpReady, nodeProgram, type Part, portNote, type StackContext } from './part.ts';

/** The addresses of the real vendors. */
const vendorAddresses = {
  ...googleVariables.deployed,
  ...microsoftVariables.deployed,
  ...zoomVariables.deployed,
  ...appleVariables.deployed,
  ...twilioVariables.deployed,
};

type AddressName = keyof typeof vendorAddresses;

interface VendorVariables {
  /** The address variables of the vendor, each with its path in the sandbox. */
  readonly addresses: Readonly<Partial<Record<AddressName, string>>>;
  readonly credentials: readonly string[];
}

/** The variables of each vendor. One of them being set means that the real vendor is used. */
const vendorVariables = {
  Google: {
    addresses: { GOOGLE_API_URL: '', GOOGLE_OAUTH_URL: '', GOOGLE_AUTH_URL: '' },
    credentials: ['GOOGLE_CLIENT_ID', 'GOOGLE_CLIENT_SECRET'],
  },
  Microsoft: {
    addresses: { MICROSOFT_GRAPH_URL: '', MICROSOFT_LOGIN_URL: '' },
    credentials: ['MICROSOFT_CLIENT_ID', 'MICROSOFT_CLIENT_SECRET', 'MICROSOFT_TENANT_ID'],
  },
  Zoom: {
    addresses: { ZOOM_API_URL: '/v2', ZOOM_OAUTH_URL: '' },
    credentials: [
      'ZOOM_CLIENT_ID',
      'ZOOM_CLIENT_SECRET',
      'ZOOM_ACCOUNT_ID',
      'ZOOM_OAUTH_CLIENT_ID',
      'ZOOM_OAUTH_CLIENT_SECRET',
    ],
  },
  Apple: {
    addresses: { APPLE_CALDAV_URL: '' },
    // Each person enters their own app-specific password.
    credentials: [],
  },
  Twilio: {
    addresses: { TWILIO_API_URL: '' },
    credentials: ['TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN', 'TWILIO_MESSAGING_SERVICE_SID'],
  },
} as const satisfies Readonly<Record<string, VendorVariables>>;
type VendorName = keyof typeof vendorVariables;
const vendorNames = [
  'Google',
  'Microsoft',
  'Zoom',
  'Apple',
  'Twilio',
] as const satisfies readonly VendorName[];

/** Returns the vendors to simulate for an environment. */
export const sandboxedVendors = (shellEnv: NodeJS.ProcessEnv): ReadonlySet<VendorName> => {
  const isReal = (vendor: VendorName) => {
    const { addresses, credentials } = vendorVariables[vendor];
    return [...Object.keys(addresses), ...credentials].some((name) => Boolean(shellEnv[name]));
  };
  return new Set(vendorNames.filter((vendor) => !isReal(vendor)));
};

/** Starts the sandbox, unless all vendors are real. `apiUrl` receives its webhooks. */
export const startSandboxProcess = async (
  { dataFolder, shellEnv, choosePort, supervisor }: StackContext,
  progress: Progress,
  apiUrl: string,
): Promise<Part> => {
  const vendors = sandboxedVendors(shellEnv);
  if (vendors.size === 0) return { env: vendorEnvironment(shellEnv, undefined), addresses: [] };
  progress('starting');
  const { port, insteadOf } = await choosePort(preferredPorts['the provider sandbox']);
  const url = `http://127.0.0.1:${port}`;
  await supervisor.start({
    name: 'sandbox',
    ...nodeProgram(projectPath('infra/sandbox/main.ts')),
    env: {
      ...shellEnv,
      SANDBOX_PORT: String(port),
      SANDBOX_DATA_FILE: join(dataFolder, 'sandbox.json'),
      SANDBOX_ZOOM_WEBHOOK_URL: `${apiUrl}/v1/webhooks/zoom`,
    },
    ready: () => isHttpReady(`${url}/sandbox/health`),
  });
  const simulated = [...vendors].join(', ');
  return {
    env: vendorEnvironment(shellEnv, url),
    urls: { sandbox: url },
    addresses: [
      { name: 'Provider sandbox', address: url, note: portNote(insteadOf) ?? `simulates ${simulated}` },
    ],
  };
};

/**
 * Returns the address variables of all vendors. A simulated vendor gets the sandbox's address. A real vendor
 * gets the address that is set, or else its public one, because the local default would be the sandbox.
 * Returns no credentials: the local defaults are those that the sandbox accepts.
 */
export const vendorEnvironment = (
  shellEnv: NodeJS.ProcessEnv,
  sandboxUrl: string | undefined,
): Record<string, string> => {
  const simulated = sandboxedVendors(shellEnv);
  const addressOf = (vendor: VendorName, name: string, path: string): string =>
    simulated.has(vendor) && sandboxUrl !== undefined
      ? `${sandboxUrl}${path}`
      : shellEnv[name] || realAddress(name);
  return Object.fromEntries(
    vendorNames.flatMap((vendor) =>
      Object.entries(vendorVariables[vendor].addresses).map(([name, path]) => [
        name,
        addressOf(vendor, name, path),
      ]),
    ),
  );
};

const realAddress = (name: string): string =>
  new Map<string, string>(Object.entries(vendorAddresses)).get(name) ?? '';
