/** The provider sandbox: stands for each vendor of which no variable is set. */
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

/** Where the real ones are. */
const vendorAddresses = {
  ...googleVariables.deployed,
  ...microsoftVariables.deployed,
  ...zoomVariables.deployed,
  ...appleVariables.deployed,
  ...twilioVariables.deployed,
};

type AddressName = keyof typeof vendorAddresses;

interface VendorVariables {
  /** Its addresses, each with the path under which the sandbox plays it. */
  readonly addresses: Readonly<Partial<Record<AddressName, string>>>;
  readonly credentials: readonly string[];
}

/** The variables by which each vendor is known to be a real one. */
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
    // People bring their own.
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

/** The vendors that the sandbox has to play, given the environment. */
export const sandboxedVendors = (given: NodeJS.ProcessEnv): ReadonlySet<VendorName> => {
  const isReal = (vendor: VendorName) => {
    const { addresses, credentials } = vendorVariables[vendor];
    return [...Object.keys(addresses), ...credentials].some((name) => Boolean(given[name]));
  };
  return new Set(vendorNames.filter((vendor) => !isReal(vendor)));
};

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
  const played = [...vendors].join(', ');
  return {
    env: vendorEnvironment(shellEnv, url),
    urls: { sandbox: url },
    addresses: [{ name: 'Provider sandbox', address: url, note: portNote(insteadOf) ?? `plays ${played}` }],
  };
};

/**
 * Nothing but addresses: the local defaults of the configuration are the credentials that the sandbox accepts. A vendor
 * that is real has its own, or those that were given; without them it would be looked for in the sandbox.
 */
export const vendorEnvironment = (
  given: NodeJS.ProcessEnv,
  sandboxUrl: string | undefined,
): Record<string, string> => {
  const played = sandboxedVendors(given);
  const addressOf = (vendor: VendorName, name: string, path: string): string =>
    played.has(vendor) && sandboxUrl !== undefined
      ? `${sandboxUrl}${path}`
      : given[name] || realAddress(name);
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
