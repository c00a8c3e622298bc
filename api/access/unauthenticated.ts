/** The refusal of a request without a valid credential. */
import { Refusal } from '../../domain/errors.ts';
import type { OrganizationId } from '../../domain/ids.ts';

/** Who holds a credential that is genuine and not accepted any more. For the log: the answer does not name them. */
export interface DeniedHolder {
  /** The id of the revoked key, or `sub:` and the verified subject of the token. */
  readonly id: string;
  readonly organization?: OrganizationId | undefined;
  readonly isRevoked?: true;
}

/** Code `unauthenticated`. */
export class Unauthenticated extends Refusal {
  /** Undefined when the credential proves nothing: an unknown key, or a token that the issuer has not signed. */
  readonly holder: DeniedHolder | undefined;

  constructor(message: string, advice: string, holder?: DeniedHolder) {
    super('unauthenticated', message, advice);
    this.holder = holder;
  }
}
