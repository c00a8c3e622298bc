/** Renders the WebDAV responses (RFC 4918, section 13) that account discovery needs. */

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

export interface Resource {
  readonly href: string;
  /** Already XML. */
  readonly props: readonly string[];
}

const response = ({ href, props }: Resource): string =>
  `<d:response><d:href>${escaped(href)}</d:href><d:propstat><d:prop>${props.join('')}</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>`;

/** Returns a multistatus document. */
export const multistatus = (resources: readonly Resource[]): string =>
  `<?xml version="1.0" encoding="utf-8"?><d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">${resources
    .map(response)
    .join('')}</d:multistatus>`;

/** Returns an XML element that contains an href. */
export const hrefIn = (name: string, href: string): string =>
  `<${name}><d:href>${escaped(href)}</d:href></${name}>`;
