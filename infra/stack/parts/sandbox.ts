/** The provider sandbox: stands for each vendor of which no variable is set. */
import { join } from 'node:path';
import type { Progress } from '../build-once.ts';
import { projectPath } from '../paths.ts';
import { preferredPorts } from '../preferred-ports.ts';
import { httpAnswers, nodeProgram, type Part, portNote, type StackContext } from './part.ts';

/** The variables by which each vendor is known to be a real one. */
const vendorVariables = {
  Google: ['GOOGLE_API_URL', 'GOOGLE_CLIENT_ID'],
  Zoom: ['ZOOM_API_URL', 'ZOOM_CLIENT_ID'],
  Twilio: ['TWILIO_API_URL', 'TWILIO_ACCOUNT_SID'],
} as const;
type Vendor = keyof typeof vendorVariables;

/** The vendors that the sandbox has to play, given the environment. */
export const vendorsToPlay = (given: NodeJS.ProcessEnv): ReadonlySet<Vendor> => {
  const isReal = (vendor: Vendor) => vendorVariables[vendor].some((name) => Boolean(given[name]));
  return new Set((['Google', 'Zoom', 'Twilio'] as const).filter((vendor) => !isReal(vendor)));
};

export const startSandbox = async (
  { dataFolder, given, choosePort, supervisor }: StackContext,
  progress: Progress,
): Promise<Part> => {
  const vendors = vendorsToPlay(given);
  if (vendors.size === 0) return { env: {}, addresses: [] };
  progress('starting');
  const { port, insteadOf } = await choosePort(preferredPorts['the provider sandbox']);
  const url = `http://127.0.0.1:${port}`;
  await supervisor.start({
    name: 'sandbox',
    ...nodeProgram(projectPath('infra/sandbox/main.ts')),
    env: { ...given, SANDBOX_PORT: String(port), SANDBOX_DATA_FILE: join(dataFolder, 'sandbox.json') },
    ready: () => httpAnswers(`${url}/sandbox/health`),
  });
  const played = [...vendors].join(', ');
  return {
    env: addressesOf(vendors, url),
    urls: { sandbox: url },
    addresses: [{ name: 'Provider sandbox', address: url, note: portNote(insteadOf) ?? `plays ${played}` }],
  };
};

/** Nothing but addresses: the local defaults of the configuration are the credentials that the sandbox accepts. */
const addressesOf = (vendors: ReadonlySet<Vendor>, url: string): Record<string, string> => ({
  ...(vendors.has('Google') ? { GOOGLE_API_URL: url, GOOGLE_OAUTH_URL: url } : {}),
  ...(vendors.has('Zoom') ? { ZOOM_API_URL: `${url}/v2`, ZOOM_OAUTH_URL: url } : {}),
  ...(vendors.has('Twilio') ? { TWILIO_API_URL: url } : {}),
});
