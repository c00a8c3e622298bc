/** Connects a calendar by the secret address that its owner has pasted. */
import { createHash } from 'node:crypto';
import type { AddressAuthorizer } from '../oauth/authorizers.ts';
import { operationOf } from '../operations.ts';
import { parseFeedAddress } from './address.ts';
import { feedName } from './busy-times.ts';
import { fromFeed } from './errors.ts';
import type { FeedReader } from './feed-reader.ts';

const connectAccount = operationOf('ics', 'account.connect');

/**
 * Creates the authorizer. It reads the calendar once. The name of the account holds the host besides the name of the
 * calendar, so it is never an email address: the publisher chooses the name, and no email is sent to it.
 */
export const createFeedAuthorizer = (feeds: Pick<FeedReader, 'download'>): AddressAuthorizer => ({
  provider: 'ics',
  connect: async (text, call) => {
    try {
      const address = parseFeedAddress(text);
      const calendar = await feeds.download(address, connectAccount, call);
      const name = feedName(calendar);
      return {
        account: {
          id: createHash('sha256').update(address.href).digest('hex'),
          name: name === undefined ? address.host : `${name} (${address.host})`,
        },
        scopes: [],
        credential: { kind: 'feed_address', address: address.href },
      };
    } catch (error) {
      throw fromFeed(connectAccount, error, call);
    }
  },
});
