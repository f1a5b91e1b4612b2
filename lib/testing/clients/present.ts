/** Clients that a machine may not have: a skip is one visible line with the command that mends it. */
import { spawnSync } from 'node:child_process';

export type ClientName = 'boto3' | 'awscli';

const PROBES: Record<ClientName, { commands: string[]; args: string[]; mend: string }> = {
  boto3: {
    commands: ['python3', '/usr/bin/python3'],
    args: ['-c', 'import boto3'],
    mend: 'apt-get install python3-boto3',
  },
  awscli: { commands: ['aws', '/usr/bin/aws'], args: ['--version'], mend: 'apt-get install awscli' },
};
const PROBE_MS_MAX = 30_000;

/** The command to run, or null where the client is missing. Throws where `LANDFALL_REQUIRE` names it. */
export function commandOf(name: ClientName): string | null {
  const { commands, args, mend } = PROBES[name];
  const found = commands.find(
    (command) => spawnSync(command, args, { stdio: 'ignore', timeout: PROBE_MS_MAX }).status === 0,
  );
  if (found !== undefined) return found;
  const sentence = `${name} is missing: ${mend}`;
  if ((process.env.LANDFALL_REQUIRE ?? '').split(',').includes(name)) throw new Error(sentence);
  process.stdout.write(`skipped: ${sentence}\n`);
  return null;
}
