import { sql, TransactionRollbackError } from 'drizzle-orm';
import { z } from 'zod';
import type { OrganizationId } from '../../domain/ids.ts';
import type { KeyWrapping } from '../../foundation/encryption/key-wrapping.ts';
import type { Database } from '../client.ts';

/** Whose password a person enters, where, and on which link. */
interface SignIn {
  readonly organization: OrganizationId;
  readonly link: string;
  readonly username: string;
  /** Whose server it is: a registrable domain or an IP address. The other spellings of an address must lead to the same text. */
  readonly serverOwner: string;
}

type Begun =
  /** The caller must call `giveBack` unless the server has refused the password. */
  | { readonly kind: 'permitted'; readonly giveBack: () => Promise<void> }
  /** One of the subjects has had too many failures. The server must not be asked, and nothing was counted. */
  | { readonly kind: 'refused'; readonly retryAfterSeconds: number };

/**
 * Limits the failures of sign-ins with a password, so that the form is of no use for guessing passwords. Counted in the
 * database, for all processes together, in hours of its clock.
 */
export interface SignInAttempts {
  /**
   * Counts an attempt as failed until it is given back: simultaneous attempts are limited too. A refused attempt is not
   * counted, because otherwise one link could use up the limit of a server for the whole organization.
   */
  begin(signIn: SignIn): Promise<Begun>;
}

/**
 * Failures in an hour. A person who mistypes needs few. That of the server is counted for each organization, so that the
 * links of one cannot stop the others from connecting accounts at the same server.
 */
export const signInLimits = { link: 10, username: 10, server: 100 } as const;
type Scope = keyof typeof signInLimits;

const scopes = ['link', 'username', 'server'] as const satisfies readonly Scope[];

const countedRow = z.object({
  subject: z.string(),
  attempts: z.int(),
  hour: z.string(),
  rest: z.coerce.number(),
});
type Counted = z.infer<typeof countedRow>;
const countedSchema = z.tuple([countedRow], countedRow);

/**
 * Returns a name in the form that its variants share: compatible characters, letter case, spaces around it, and characters that are not
 * visible. Upper case comes first: only in it are "ß" and "ss" the same.
 */
const foldedName = (name: string): string =>
  name
    .normalize('NFKC')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .trim()
    .toUpperCase()
    .toLowerCase()
    .normalize('NFKC');

/** Creates the limiter. Only keyed hashes of links, names and servers are stored. */
export const createSignInAttempts = (
  db: Database,
  wrapping: Pick<KeyWrapping, 'references'>,
): SignInAttempts => {
  const references = wrapping.references('sign-in attempt');
  const subjectOf = (scope: Scope, { organization, link, username, serverOwner }: SignIn): string => {
    // A name is counted at all servers together: one account can be reached at several addresses.
    const values = {
      link: [link],
      username: [foldedName(username)],
      server: [organization, serverOwner.toLowerCase()],
    } as const;
    return references.newest(JSON.stringify([scope, ...values[scope]]));
  };

  const giveBack = async (subjects: readonly string[], hour: string): Promise<void> => {
    await db.execute(sql`
      UPDATE sign_in_attempts SET attempts = greatest(attempts - 1, 0)
      WHERE subject = ANY(${sql.param([...subjects])}::text[]) AND hour = ${hour}::timestamptz
    `);
  };

  return {
    async begin(signIn) {
      const limitOf = new Map(scopes.map((scope) => [subjectOf(scope, signIn), signInLimits[scope]]));
      const subjects = [...limitOf.keys()];
      const isOver = ({ subject, attempts }: Counted) => attempts > (limitOf.get(subject) ?? 0);
      let retryAfterSeconds = 1;
      try {
        // The rows stay locked until the commit, so that simultaneous attempts count one after the other.
        const hour = await db.transaction(async (tx) => {
          // In one order, so that simultaneous attempts do not lock each other's rows.
          const { rows } = await tx.execute(sql`
            INSERT INTO sign_in_attempts AS counted (subject, hour, attempts)
            SELECT subject, date_trunc('hour', now(), 'UTC'), 1
            FROM unnest(${sql.param(subjects)}::text[]) AS subject ORDER BY subject
            ON CONFLICT (subject, hour) DO UPDATE SET attempts = counted.attempts + 1
            RETURNING subject, attempts, hour::text AS hour,
              extract(epoch FROM counted.hour + interval '1 hour' - now()) AS rest
          `);
          const [first, ...others] = countedSchema.parse(rows);
          retryAfterSeconds = Math.max(1, Math.ceil(first.rest));
          if ([first, ...others].some(isOver)) tx.rollback();
          return first.hour;
        });
        return { kind: 'permitted', giveBack: () => giveBack(subjects, hour) };
      } catch (error) {
        if (error instanceof TransactionRollbackError) return { kind: 'refused', retryAfterSeconds };
        throw error;
      }
    },
  };
};

/** Deletes the attempts of past days. Returns how many. */
export const deleteOldSignInAttempts = async (db: Database): Promise<number> => {
  const { rowCount } = await db.execute(
    sql`DELETE FROM sign_in_attempts WHERE hour < now() - interval '1 day'`,
  );
  return rowCount ?? 0;
};
