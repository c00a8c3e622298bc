/**
 * The last step before a log line leaves the process. It works on the finished line, so that it does not matter how
 * deep, in which library's error, or in the middle of which sentence a secret or a person's data stands.
 */

const secretName =
  /(authorization|cookie|token|secret|verifier|password|passcode|api[_-]?key|master[_-]?keys?|signature)$/i;
const credentialsInUrl = /:\/\/[^\s/@"]+@/g;
const authorizationScheme = /\b(Bearer|Basic)\s+[\w.~+/=-]{6,}/gi;
/** 64 is the longest local part (RFC 5321 section 4.5.3.1.1), and keeps the search short in a long run of letters. */
const emailAddress = /[\p{L}\p{N}._%+-]{1,64}@(?:[\p{L}\p{N}-]{1,63}\.){1,8}\p{L}{2,63}/gu;
/** Whoever has the link may answer the invitation. */
const responseLink = /(\/respond\/)[\w.-]+/g;
/** Whoever has the link may connect accounts. Its end tells it from a file in a stack. */
const connectionLink = /(\/connections\/)[\w-]+\.[\w-]{22}(?![\w-])/g;
/** In an address or a form: what OAuth sends in them. Shorter ones are no secrets, such as a status. */
const oauthParameter =
  /\b((?:code|state|code_verifier|token|access_token|refresh_token|client_secret|assertion)=)[^&\s"]{12,}/g;
/** E.164, as all our numbers are written; a time's offset is too short to be taken for one. */
const phoneNumber = /(?<![\w.+-])\+\d{7,15}(?!\d)/g;

/** Takes credentials, email addresses and phone numbers out of a line of JSON; the rest stays as it is. */
export const redact = (line: string): string => {
  const redacted: unknown = JSON.parse(line, (name, value: unknown) => {
    if (typeof value === 'string') return secretName.test(name) ? '[redacted]' : redactText(value);
    return Array.isArray(value) && secretName.test(name) ? ['[redacted]'] : value;
  });
  return `${JSON.stringify(redacted)}\n`;
};

const redactText = (text: string): string =>
  text
    .replace(credentialsInUrl, '://[redacted]@')
    .replace(authorizationScheme, '$1 [redacted]')
    .replace(responseLink, '$1[redacted]')
    .replace(connectionLink, '$1[redacted]')
    .replace(oauthParameter, '$1[redacted]')
    .replace(emailAddress, '[email]')
    .replace(phoneNumber, '[phone]');
