/** Simulates a browser for pages without scripts: cookies, links and forms. */
import type { FastifyInstance } from 'fastify';

export interface Page {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, unknown>>;
  /** The target of a redirect or of an HTML refresh. */
  readonly redirectsTo: string | undefined;
}

export interface FormBrowser {
  readonly cookies: Map<string, string>;
  open(address: string): Promise<Page>;
  /**
   * Submits the form whose action ends with `to` and whose fields equal `having` (an empty value also matches a
   * missing field), after setting the fields in `filled`.
   * @throws Error when the page has no such form
   */
  submit(
    page: Page,
    form: { readonly to: string; readonly having?: Record<string, string> },
    filled?: Record<string, string | readonly string[]>,
    how?: { readonly origin?: string | null },
  ): Promise<Page>;
}

const entities: Readonly<Record<string, string>> = { amp: '&', quot: '"', lt: '<', gt: '>', '#39': "'" };
const unescaped = (html: string): string =>
  html.replaceAll(/&(amp|quot|lt|gt|#39);/g, (all, name: string) => entities[name] ?? all);

/** Returns the fields of a form. A box or a button that is not checked is none. */
const fieldsOf = (form: string): readonly (readonly [string, string])[] =>
  [...form.matchAll(/<input[^>]*\bname="([^"]+)"[^>]*>/g)]
    .filter(([input]) => !/type="(checkbox|radio)"/.test(input) || /\schecked>/.test(input))
    .map(([input, name = '']) => [name, unescaped(/\bvalue="([^"]*)"/.exec(input)?.[1] ?? '')]);

const payloadOf = (
  fields: readonly (readonly [string, string])[],
  filled: Record<string, string | readonly string[]>,
): string => {
  const payload = new URLSearchParams();
  for (const [name, value] of fields) if (!(name in filled)) payload.append(name, value);
  for (const [name, values] of Object.entries(filled)) {
    for (const value of [values].flat()) payload.append(name, value);
  }
  return payload.toString();
};

const fieldIn = (fields: readonly (readonly [string, string])[], wanted: string): string =>
  fields.find(([name]) => name === wanted)?.[1] ?? '';

interface Exchange {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly payload?: string | undefined;
  readonly headers: Record<string, string>;
}

interface Exchanged {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, unknown>> & { readonly location?: string | undefined };
  readonly cookies: readonly { readonly name: string; readonly value: string }[];
}

type Transport = (exchange: Exchange) => Promise<Exchanged>;

/** Creates a browser that injects its requests into an API which does not listen on a port. */
export const createInjectedBrowser = (api: FastifyInstance, publicUrl: string): FormBrowser =>
  createFormBrowser(async ({ method, url, payload, headers }) => {
    const response = await api.inject({
      method,
      url: `${url.pathname}${url.search}`,
      headers,
      ...(payload !== undefined && { payload }),
    });
    return {
      status: response.statusCode,
      body: response.body,
      headers: response.headers,
      cookies: response.cookies,
    };
  }, publicUrl);

/** Creates a browser that sends its requests over HTTP. */
export const createHttpBrowser = (publicUrl: string): FormBrowser =>
  createFormBrowser(async ({ method, url, payload, headers }) => {
    const response = await fetch(url, {
      method,
      headers,
      redirect: 'manual',
      ...(payload !== undefined && { body: payload }),
    });
    return {
      status: response.status,
      body: await response.text(),
      headers: Object.fromEntries(response.headers),
      cookies: response.headers.getSetCookie().map((cookie) => {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
        return { name, value };
      }),
    };
  }, publicUrl);

const createFormBrowser = (transport: Transport, publicUrl: string): FormBrowser => {
  const cookies = new Map<string, string>();
  const { origin } = new URL(publicUrl);

  const request = async (
    method: 'GET' | 'POST',
    address: string,
    more: { readonly payload?: string; readonly headers?: Record<string, string> } = {},
  ): Promise<Page> => {
    const response = await transport({
      method,
      url: new URL(address, publicUrl),
      payload: more.payload,
      headers: {
        'accept-language': 'en',
        ...(cookies.size > 0 && {
          cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        }),
        ...more.headers,
      },
    });
    for (const { name, value } of response.cookies) cookies.set(name, value);
    const refresh = /http-equiv="refresh" content="0; url=([^"]+)"/.exec(response.body)?.[1];
    return {
      status: response.status,
      text: response.body,
      headers: response.headers,
      redirectsTo: response.headers.location ?? (refresh && unescaped(refresh)),
    };
  };

  return {
    cookies,
    open: (address) => request('GET', address),
    submit: async (page, { to, having = {} }, filled = {}, { origin: from = origin } = {}) => {
      const forms = [...page.text.matchAll(/<form method="post" action="([^"]+)">(.*?)<\/form>/gs)].map(
        ([, action = '', inside = '']) => ({ action: unescaped(action), fields: fieldsOf(inside) }),
      );
      const form = forms.find(
        ({ action, fields }) =>
          action.endsWith(to) &&
          Object.entries(having).every(([name, value]) => fieldIn(fields, name) === value),
      );
      if (!form) throw new Error(`the page has no form that is sent to ${to}`);
      return request('POST', form.action, {
        payload: payloadOf(form.fields, filled),
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          ...(from !== null && { origin: from }),
        },
      });
    },
  };
};
