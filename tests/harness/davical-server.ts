/**
 * Starts DAViCal (Debian: `davical`, `php-cli`, `php-pgsql`), with the web server of PHP and a database in the PostgreSQL of
 * the tests.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { inject } from 'vitest';
import { type CaldavProgram, startProgram } from './caldav-programs.ts';
import { caldavUser } from './caldav-user.ts';
import { databaseUrl, execute } from './postgres-server.ts';

const davicalFolder = '/usr/share/davical';
const script = `${davicalFolder}/htdocs/caldav.php`;

/** Returns the URL of a new database. */
const createDatabase = async (): Promise<string> => {
  const server = new URL(inject('postgres').url);
  const name = `davical_${randomBytes(6).toString('hex')}`;
  await execa(`${davicalFolder}/dba/create-database.sh`, [name, 'admin', server.username, server.username], {
    env: {
      PGHOST: server.hostname,
      PGPORT: server.port,
      PGUSER: server.username,
      PGPASSWORD: server.password,
    },
  });
  const url = databaseUrl(server.href, name);
  const { username, password } = caldavUser;
  await execute(
    url,
    `WITH added AS (
       INSERT INTO usr (username, password, fullname, email, active, email_ok)
       VALUES ('${username}', '**${password}', 'Ann', '${username}', true, now()) RETURNING user_no
     )
     INSERT INTO principal (type_id, user_no, displayname) SELECT 1, user_no, 'Ann' FROM added`,
  );
  return url;
};

const configurationFor = (database: string): string => {
  const { hostname, port, pathname, username, password } = new URL(database);
  const connection = `host=${hostname} port=${port} dbname=${pathname.slice(1)} user=${username} password=${password}`;
  return [
    '<?php',
    "$_SERVER['SERVER_NAME'] = '127.0.0.1';",
    `$c->pg_connect[] = '${connection}';`,
    "$c->domain_name = '127.0.0.1';",
    '$c->enable_auto_schedule = true;',
    '',
  ].join('\n');
};

/** DAViCal reads its configuration from a file with the name of the server in /etc/davical: this name leads to the folder. */
const routerIn = (folder: string): string =>
  [
    '<?php',
    `$_SERVER['SERVER_NAME'] = '../..${folder}/davical';`,
    `chdir('${davicalFolder}/htdocs');`,
    `set_include_path('${davicalFolder}/inc:/usr/share/awl/inc');`,
    "$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);",
    "$_SERVER['SCRIPT_NAME'] = '/caldav.php';",
    `$_SERVER['SCRIPT_FILENAME'] = '${script}';`,
    "$_SERVER['PHP_SELF'] = '/caldav.php'.$path;",
    "$_SERVER['PATH_INFO'] = preg_replace('#^/caldav[.]php#', '', urldecode($path));",
    `require '${script}';`,
    '',
  ].join('\n');

export const davical: CaldavProgram = {
  isInstalled: () =>
    existsSync(script) && spawnSync('php', ['-r', "exit(extension_loaded('pgsql') ? 0 : 1);"]).status === 0,
  start: async () => {
    const database = await createDatabase();
    const server = await startProgram({
      name: 'davical',
      home: `/caldav.php/${caldavUser.username}/`,
      commandIn: async (folder, port) => {
        await writeFile(join(folder, 'davical-conf.php'), configurationFor(database));
        const router = join(folder, 'router.php');
        await writeFile(router, routerIn(folder));
        return ['php', '-d', 'error_reporting=0', '-S', `127.0.0.1:${port}`, router];
      },
    });
    return {
      ...server,
      close: async () => {
        await server.close();
        await execute(
          inject('postgres').url,
          `DROP DATABASE ${new URL(database).pathname.slice(1)} WITH (FORCE)`,
        );
      },
    };
  },
};
