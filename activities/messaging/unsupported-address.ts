/** The failure of a notice to an address that the mail server, or one behind it, does not take. */
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { isUnsupportedAddress } from '../../providers/smtp/errors.ts';

/**
 * Returns such an error as the failure `address_not_supported`, and all other errors unchanged. The workflow reads this type, so it is never
 * renamed. Nothing was sent, and no attempt changes that.
 */
export const nameUnsupportedAddress = (error: unknown): unknown =>
  isUnsupportedAddress(error)
    ? ApplicationFailure.create({
        type: 'address_not_supported',
        message: `${error.message}; the message was not sent`,
        nonRetryable: true,
        category: ApplicationFailureCategory.BENIGN,
        details: [{ provider: error.provider, operation: error.operation, code: error.vendor.code }],
      })
    : error;
