/** How the providers are told that the sandbox at this address plays them all. */
export const sandboxSettings = (url: string) => ({
  google: {
    apiUrl: url,
    oauthUrl: url,
    authUrl: url,
    clientId: 'sandbox-google-client',
    clientSecret: 'sandbox-google-secret',
  },
  microsoft: {
    graphUrl: url,
    loginUrl: url,
    clientId: 'sandbox-microsoft-client',
    clientSecret: 'sandbox-microsoft-secret',
    tenantId: 'common',
  },
  apple: { caldavUrl: url },
  allowedPrivateNetworks: ['127.0.0.0/8'],
  zoom: {
    apiUrl: `${url}/v2`,
    oauthUrl: url,
    clientId: 'sandbox-zoom-client',
    clientSecret: 'sandbox-zoom-secret',
    accountId: 'sandbox-account',
  },
  twilio: {
    apiUrl: url,
    accountSid: 'AC00000000000000000000000000005a5a',
    authToken: 'sandbox-twilio-token',
    messagingServiceSid: 'MG00000000000000000000000000005a5a',
  },
});
