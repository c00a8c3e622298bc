/**
 * Removes secrets and personal data from a log line, as the last step before the process writes it. It works
 * on the finished line and therefore covers nested fields, errors of libraries and free text.
 */

const secretName =
  /(authorization|cookie|token|secret|verifier|password|passcode|api[_-]?key|master[_-]?keys?|signature)$/i;
const credentialsInUrl = /:\/\/[^\s/@"]+@/g;
const authorizationScheme = /\b(Bearer|Basic)\s+[\w.~+/=-]{6,}/gi;
/**
 * The limit of 64 is the longest local part (RFC 5321 section 4.5.3.1.1). It also keeps the search fast in
 * long words.
 */
const emailAddress = /[\p{L}\p{N}._%+-]{1,64}@(?:[\p{L}\p{N}-]{1,63}\.){1,8}\p{L}{2,63}/gu;
/** The holder of the link can answer the invitation. */
const responseLink = /(\/respond\/)[\w.-]+/g;
/** The holder of a short link can answer the invitation, or join the meeting. */
const shortLink = /(\/[rj]\/)[1-9A-HJ-NP-Za-km-z]{17}(?![0-9A-Za-z])/g;
/**
 * The holder of the link can connect accounts. Its MAC distinguishes it from a file path in a stack trace.
 */
const connectionLink = /(\/connections\/)[\w-]+\.[\w-]{22}(?![\w-])/g;
/** The holder of the link can read the calendar of a participant. */
const feedLink = /(\/feeds\/)[\w.-]+/g;
/**
 * OAuth parameters of an address or a form. Values of less than 12 characters are not secrets, such as a
 * status code.
 */
const oauthParameter =
  /\b((?:code|state|code_verifier|token|access_token|refresh_token|client_secret|assertion)=)[^&\s"]{12,}/g;
/** All our phone numbers are in E.164. The offset of a time is too short to match. */
const phoneNumber = /(?<![\w.+-])\+\d{7,15}(?!\d)/g;

/** Replaces credentials, email addresses and phone numbers in a line of JSON. Keeps the rest unchanged. */
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
    .replace(shortLink, '$1[redacted]')
    .replace(connectionLink, '$1[redacted]')
    .replace(feedLink, '$1[redacted]')
    .replace(oauthParameter, '$1[redacted]')
    .replace(emailAddress, '[email]')
    .replace(phoneNumber, '[phone]');
