/**
 * Finds the requests that a server must or may refuse because of their headers alone. Node would answer some of them
 * itself, outside of the limits of a pipeline, and accept the others.
 */
import type { IncomingMessage } from 'node:http';

type Head = Pick<IncomingMessage, 'httpVersion' | 'headers' | 'rawHeaders'>;

interface HeadFault {
  readonly status: 400 | 417;
  /** A sentence for the developer of the client. */
  readonly message: string;
  readonly whatToDo: string;
}

const sendOneHost = 'Send one header Host, with the host of the address.';
const faults = {
  hostMissing: { status: 400, message: 'The header Host is missing.', whatToDo: sendOneHost },
  hostRepeated: { status: 400, message: 'The header Host is sent more than once.', whatToDo: sendOneHost },
  expectationUnknown: {
    status: 417,
    message: 'The header Expect has a value other than 100-continue.',
    whatToDo: 'Send the request without this header.',
  },
} as const satisfies Readonly<Record<string, HeadFault>>;

/** The expectations that Node meets, as Node finds them. */
const knownExpectation = /(?:^|\W)100-continue(?:$|\W)/i;

const countHosts = (rawHeaders: readonly string[]): number =>
  rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host').length;

/**
 * Returns what is wrong with the headers Host (RFC 9112, section 3.2) and Expect (RFC 9110, section 10.1.1); undefined when
 * nothing is. HTTP/1.0 has neither header. The answer must close the connection, because the body may still arrive.
 */
export const headFaultOf = ({ httpVersion, headers, rawHeaders }: Head): HeadFault | undefined => {
  if (countHosts(rawHeaders) > 1) return faults.hostRepeated;
  if (httpVersion === '1.0') return undefined;
  if (headers.host === undefined) return faults.hostMissing;
  if (headers.expect !== undefined && !knownExpectation.test(headers.expect))
    return faults.expectationUnknown;
  return undefined;
};
