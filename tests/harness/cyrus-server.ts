/** Starts the CalDAV server of Cyrus IMAP (Debian: `cyrus-imapd`, `cyrus-caldav`, `sasl2-bin`). */
import { existsSync } from 'node:fs';
import { chown, mkdir, readdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { execa } from 'execa';
import { type CaldavProgram, startProgram } from './caldav-programs.ts';
import { caldavUser } from './caldav-user.ts';
import { findFreePort } from './free-port.ts';

const binaries = '/usr/lib/cyrus/bin';

/** Cyrus refuses to run as root. As root, its package has created this user. */
const cyrusUser = 'cyrus';
const isRoot = userInfo().uid === 0;

const configurationIn = (folder: string): string =>
  Object.entries({
    cyrus_user: isRoot ? cyrusUser : userInfo().username,
    configdirectory: join(folder, 'conf'),
    proc_path: join(folder, 'proc'),
    mboxname_lockpath: join(folder, 'lock'),
    defaultpartition: 'default',
    'partition-default': join(folder, 'spool'),
    // The names of users are addresses.
    unixhierarchysep: 'yes',
    virtdomains: 'userid',
    defaultdomain: 'internal',
    calendar_user_address_set: 'example.com',
    servername: 'localhost',
    httpmodules: 'caldav',
    caldav_allowscheduling: 'on',
    allowplaintext: 'yes',
    autocreate_quota: '0',
    sasl_pwcheck_method: 'auxprop',
    sasl_auxprop_plugin: 'sasldb',
    sasl_sasldb_path: join(folder, 'passwords'),
    sasl_mech_list: 'PLAIN',
    zoneinfo_db_path: join(folder, 'zoneinfo.db'),
  })
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('');

const folders = ['conf/db', 'conf/socket', 'proc', 'lock', 'spool'];

interface Ports {
  readonly http: number;
  readonly imap: number;
}

const servicesIn = (configuration: string, { http, imap }: Ports): string =>
  [
    'START {',
    `  recover cmd="${binaries}/ctl_cyrusdb -C ${configuration} -r"`,
    '}',
    'SERVICES {',
    `  http cmd="${binaries}/httpd -C ${configuration}" listen="127.0.0.1:${http}" prefork=1 maxchild=20`,
    `  imap cmd="${binaries}/imapd -C ${configuration}" listen="127.0.0.1:${imap}" prefork=0 maxchild=2`,
    '}',
    'EVENTS {',
    '}',
    '',
  ].join('\n');

const ownIn = async (folder: string): Promise<void> => {
  if (!isRoot) return;
  const { stdout } = await execa('id', ['-u', cyrusUser]);
  const names = await readdir(folder, { recursive: true });
  for (const name of ['.', ...names]) await chown(join(folder, name), Number(stdout), 0);
};

/** Creates the mailbox of the user, which their calendars need: a first login by IMAP does it. */
const logIn = async (port: number): Promise<void> => {
  const socket = connect(port, '127.0.0.1');
  const { username, password } = caldavUser;
  socket.end(`a LOGIN "${username}" "${password}"\r\nb LOGOUT\r\n`);
  const answer = await readText(socket);
  if (!/^a OK/m.test(answer)) throw new Error(`Cyrus did not log the user in: ${answer}`);
};

export const cyrus: CaldavProgram = {
  isInstalled: () => existsSync(`${binaries}/httpd`) && existsSync('/usr/sbin/saslpasswd2'),
  start: async () => {
    const imap = await findFreePort();
    return startProgram({
      name: 'cyrus',
      home: `/dav/calendars/user/${caldavUser.username}/`,
      commandIn: async (folder, http) => {
        for (const name of folders) await mkdir(join(folder, name), { recursive: true });
        const configuration = join(folder, 'imapd.conf');
        const services = join(folder, 'cyrus.conf');
        await writeFile(configuration, configurationIn(folder));
        await writeFile(services, servicesIn(configuration, { http, imap }));
        const [name = '', realm = ''] = caldavUser.username.split('@');
        await execa(
          '/usr/sbin/saslpasswd2',
          ['-p', '-c', '-f', join(folder, 'passwords'), '-u', realm, name],
          {
            input: caldavUser.password,
          },
        );
        await ownIn(folder);
        const pid = ['-p', join(folder, 'pid')];
        return [`${binaries}/master`, '-C', configuration, '-M', services, ...pid, '-D'];
      },
      whenUp: () => logIn(imap),
      hasProcesses: true,
    });
  },
};
