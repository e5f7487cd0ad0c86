// SPDX-License-Identifier: Apache-2.0
// The text of --help and --version.

/** What --version prints. */
export const versionText = (version: string): string => `IM ${version}`;

/** What --help prints. */
export const helpText = `Usage: im-service [OPTION]...

Infrastructure Manager: launches and configures virtual machines described in RADL or TOSCA documents.
Runs in the foreground until SIGTERM or SIGINT; SIGHUP reopens the log and reads users and certificates again.

  --config FILE    read FILE instead of $IM_CFG, $IM_PATH/etc/im.cfg or /etc/im/im.cfg (the first that exists)
  --check-config   report what is wrong with the configuration and exit: 0 fine, 2 not
  --print-config   print the effective configuration, secrets masked, and exit
  --version        print the version and exit
  -h, --help       print this help and exit

Every option of im.cfg can be set in the environment as IM_<OPTION> (IM_OPENNEBULA_<OPTION> for the section
[OpenNebula]) or, to keep a secret out of it, as IM_<OPTION>_FILE naming a file with the value. The environment wins
over the file, the file over the built-in defaults. etc/im.cfg and docs/configuration.md describe the options.

Exit status: 0 after a signal, 1 when the daemon cannot start (a port in use, a path that cannot be written), 2 for a
wrong command line or a configuration that cannot be used.
`;
