/**
 * Separates the role of the service from the owner of the tables. The owner runs the migrations, and can do anything. The role
 * of the service can only append to the audits.
 */
import type { Client } from 'pg';
import { z } from 'zod';

/** The tables whose rows the service only adds, and what its role may not do with them. */
const audits = {
  audit_events: 'UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER',
  administrative_acts: 'UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER',
  // Reads of more than a year ago are deleted.
  credential_reads: 'UPDATE, TRUNCATE, REFERENCES, TRIGGER',
} as const;

/** The role of the service could change the audits, whatever it was granted. */
class ApplicationRoleTooPowerful extends Error {
  override readonly name = 'ApplicationRoleTooPowerful';

  constructor(role: string) {
    super(
      `the role "${role}" of DATABASE_URL can change audit_events or administrative_acts: it is a superuser, it owns a table, the schema "public" or the database, or it is a member of a role that can (the owner, pg_write_all_data, pg_write_server_files, pg_execute_server_program). Create a role without these rights for DATABASE_URL (docs/runbooks/database.md)`,
    );
  }
}

/** The role of DATABASE_URL does not exist. */
class ApplicationRoleMissing extends Error {
  override readonly name = 'ApplicationRoleMissing';

  constructor(role: string) {
    super(
      `the role "${role}" of DATABASE_URL does not exist on the server of DATABASE_OWNER_URL: create it (docs/runbooks/database.md)`,
    );
  }
}

/**
 * Returns the role that the address connects as.
 * @throws {RangeError} when it names none
 */
export const roleOf = (url: string): string => {
  const role = decodeURIComponent(new URL(url).username);
  if (role === '')
    throw new RangeError('DATABASE_URL names no user: add it, as in postgres://user@host/database');
  return role;
};

/**
 * Grants to the role what the service needs in the main database. Idempotent. Runs after each migration: new tables have no
 * grants.
 * @param owner is connected as the owner of the tables
 * @throws {ApplicationRoleMissing} when there is no such role
 * @throws {ApplicationRoleTooPowerful} when the role could change the audits all the same
 */
export const grantToApplication = async (owner: Client, role: string): Promise<void> => {
  const { rowCount } = await owner.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
  if (rowCount === 0) throw new ApplicationRoleMissing(role);
  const to = owner.escapeIdentifier(role);
  await owner.query(
    [
      'BEGIN',
      // Servers that were upgraded from PostgreSQL 14 let every role create objects here.
      'REVOKE CREATE ON SCHEMA public FROM PUBLIC',
      `GRANT USAGE ON SCHEMA public, drizzle TO ${to}`,
      `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${to}`,
      `GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${to}`,
      `GRANT SELECT ON drizzle.__drizzle_migrations TO ${to}`,
      ...Object.entries(audits).map(([table, rights]) => `REVOKE ${rights} ON ${table} FROM ${to}`),
      'COMMIT',
    ].join(';\n'),
  );
  const { rows } = await owner.query(powerQuery, [role, ['audit_events', 'administrative_acts']]);
  if (powerSchema.parse(rows)[0].powerful) throw new ApplicationRoleTooPowerful(role);
};

/**
 * Asks for every role that the role can become: a member without INHERIT can SET ROLE. The owner of the schema can drop the tables of
 * others and create them again. `pg_database_owner`, which owns it since PostgreSQL 15, stands for the owner of the database. A role
 * that runs programs or writes files on the server can act as its superuser.
 */
const powerQuery = `
  SELECT EXISTS (
    SELECT FROM pg_roles AS other
    WHERE pg_has_role($1, other.oid, 'MEMBER') AND (
      other.rolsuper
      OR other.rolname IN ('pg_execute_server_program', 'pg_write_server_files')
      OR EXISTS (
        SELECT FROM pg_class AS audit JOIN pg_namespace AS home ON home.oid = audit.relnamespace
        WHERE home.nspname = 'public' AND audit.relname = ANY ($2) AND (
          other.oid IN (audit.relowner, home.nspowner)
          OR has_table_privilege(other.oid, audit.oid, 'UPDATE, DELETE, TRUNCATE, TRIGGER')
          OR has_any_column_privilege(other.oid, audit.oid, 'UPDATE')
        )
      )
    )
  ) AS powerful`;

const powerSchema = z.tuple([z.object({ powerful: z.boolean() })]);

/** Grants to the role what the service needs in the key database. @param owner is connected as the owner of its tables */
export const grantKeysToApplication = async (owner: Client, role: string): Promise<void> => {
  const to = owner.escapeIdentifier(role);
  await owner.query(
    `GRANT USAGE ON SCHEMA public TO ${to}; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${to}`,
  );
};

const ownershipSchema = z.tuple([z.object({ exists: z.boolean(), owns: z.boolean() })]);

/**
 * Returns whether the tables belong to another role than the connected one. Then this process cannot migrate them. False in a
 * database without tables.
 */
export const belongsToAnotherRole = async (client: Client): Promise<boolean> => {
  const { rows } = await client.query(
    `SELECT count(*) > 0 AS exists, coalesce(bool_and(pg_has_role(current_user, tableowner, 'USAGE')), false) AS owns
     FROM pg_tables WHERE schemaname = 'public' AND tablename = 'audit_events'`,
  );
  const [{ exists, owns }] = ownershipSchema.parse(rows);
  return exists && !owns;
};
