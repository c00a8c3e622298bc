import type { Environment, VariableName } from './variables.ts';

type Defaults = Readonly<Partial<Record<VariableName, string>>>;

const everywhere = {
  PORT: '3000',
  WORKER_METRICS_PORT: '9464',
  LOG_LEVEL: 'info',
  CASTMATCH_TASK_QUEUE_SUFFIX: '',
  GOOGLE_REQUESTS_PER_MINUTE: '600',
  ZOOM_HOST_USER: 'me',
  ZOOM_DAILY_MEETING_WRITES: '100',
  MICROSOFT_TENANT_ID: 'common',
  TRUSTED_PROXIES: '',
  PLATFORM_ORIGINS: '',
} as const satisfies Defaults;

/** Where the real ones are. */
export const vendorAddresses = {
  GOOGLE_API_URL: 'https://www.googleapis.com',
  GOOGLE_OAUTH_URL: 'https://oauth2.googleapis.com',
  GOOGLE_AUTH_URL: 'https://accounts.google.com',
  MICROSOFT_GRAPH_URL: 'https://graph.microsoft.com',
  MICROSOFT_LOGIN_URL: 'https://login.microsoftonline.com',
  APPLE_CALDAV_URL: 'https://caldav.icloud.com',
  ZOOM_API_URL: 'https://api.zoom.us/v2',
  ZOOM_OAUTH_URL: 'https://zoom.us',
  TWILIO_API_URL: 'https://api.twilio.com',
} as const satisfies Defaults;

const sandbox = 'http://127.0.0.1:4010';

/**
 * What the local stack and its sandbox accept. All of it is public: it stands in this file, so `staging` and
 * `production` refuse every secret in it (see deployed.ts).
 */
export const localDefaults = {
  PUBLIC_URL: 'http://127.0.0.1:3000',
  TEMPORAL_ADDRESS: '127.0.0.1:7233',
  TEMPORAL_NAMESPACE: 'default',
  CASTMATCH_MASTER_KEYS: 'local:Y2FzdG1hdGNoLWxvY2FsLWRldmVsb3BtZW50LWtleSE=',
  GOOGLE_API_URL: sandbox,
  GOOGLE_OAUTH_URL: sandbox,
  GOOGLE_AUTH_URL: sandbox,
  GOOGLE_CLIENT_ID: 'sandbox-google-client',
  GOOGLE_CLIENT_SECRET: 'sandbox-google-secret',
  MICROSOFT_GRAPH_URL: sandbox,
  MICROSOFT_LOGIN_URL: sandbox,
  MICROSOFT_CLIENT_ID: 'sandbox-microsoft-client',
  MICROSOFT_CLIENT_SECRET: 'sandbox-microsoft-secret',
  APPLE_CALDAV_URL: sandbox,
  ALLOWED_PRIVATE_NETWORKS: '127.0.0.0/8,::1/128',
  ZOOM_API_URL: `${sandbox}/v2`,
  ZOOM_OAUTH_URL: sandbox,
  ZOOM_CLIENT_ID: 'sandbox-zoom-client',
  ZOOM_CLIENT_SECRET: 'sandbox-zoom-secret',
  ZOOM_ACCOUNT_ID: 'sandbox-account',
  ZOOM_OAUTH_CLIENT_ID: 'sandbox-zoom-user-client',
  ZOOM_OAUTH_CLIENT_SECRET: 'sandbox-zoom-user-secret',
  ZOOM_WEBHOOK_SECRET: 'sandbox-zoom-webhook-secret',
  TWILIO_API_URL: sandbox,
  TWILIO_ACCOUNT_SID: 'AC00000000000000000000000000005a5a',
  TWILIO_AUTH_TOKEN: 'sandbox-twilio-token',
  TWILIO_MESSAGING_SERVICE_SID: 'MG00000000000000000000000000005a5a',
  SMTP_URL: 'smtp://127.0.0.1:1025',
  SMTP_FROM: 'CastMatch <auditions@castmatch.localhost>',
  MAIL_WEBHOOK_SECRET: 'whsec_c2FuZGJveC1tYWlsLXdlYmhvb2stc2VjcmV0',
  MAIL_JOURNAL_URL: 'http://127.0.0.1:1080/api',
} as const satisfies Defaults;

/** Deployed is what people outside this machine may rely on. */
const deployed: Readonly<Record<Environment, boolean>> = {
  local: false,
  test: false,
  staging: true,
  production: true,
};

export const isDeployed = (environment: Environment): boolean => deployed[environment];

/** What stands in for a variable that is not set. */
export const defaultsFor = (environment: Environment): Defaults =>
  isDeployed(environment)
    ? { ...everywhere, ALLOWED_PRIVATE_NETWORKS: '', ...vendorAddresses }
    : { ...everywhere, ...localDefaults };
