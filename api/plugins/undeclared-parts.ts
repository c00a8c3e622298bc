/** Refuses query parameters and bodies on routes that have none, as routes that have them refuse unknown fields. */
import { z } from 'zod';
import type { Api } from '../api.ts';
import { plainMessage } from '../problems/plain-messages.ts';
import { InvalidRequest } from './validator.ts';

const nothing = z.strictObject({});

/** Vendors and calendar programs add parameters of their own to the addresses that they are given. */
const isCalledByOthers = (url: string): boolean =>
  url.startsWith('/v1/webhooks/') || url.startsWith('/v1/feeds/');

/** Whether the route with this path refuses parameters and bodies that it does not declare. */
export const refusesUndeclaredParts = (url: string): boolean =>
  url.startsWith('/v1/') && !isCalledByOthers(url);

/** Must be called before the first route is added. */
export const refuseUndeclaredParts = (api: Api): void => {
  api.addHook('onRoute', (route) => {
    if (refusesUndeclaredParts(route.url)) route.schema = { querystring: nothing, ...route.schema };
  });
  api.addHook('preValidation', async ({ routeOptions: { url = '', schema }, body }) => {
    if (!refusesUndeclaredParts(url) || schema?.body !== undefined || body === undefined || body === null)
      return;
    const { error } = nothing.safeParse(body, { error: plainMessage });
    if (error) throw new InvalidRequest(error.issues);
  });
};
