import { SchemaRefusedError } from '@/db/migrate';
import { ConfigError, supervisorConfig } from '@/lib/config';
import { BuildError } from './build';
import { doctor } from './doctor';
import { AlreadyRunningError } from './lock';
import { type Command, StartRefusedError, Supervisor } from './run';

const COMMANDS = ['demo', 'start', 'web', 'doctor'];

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

async function main(): Promise<number> {
  const [command = '', ...flags] = process.argv.slice(2);
  if (!COMMANDS.includes(command) || flags.some((flag) => flag !== '--reset')) {
    print(`One of: ${COMMANDS.join(', ')}; --reset with demo starts over.`);
    return 2;
  }
  if (flags.includes('--reset') && command !== 'demo') {
    print('--reset removes the data directory and is for the demo alone.');
    return 2;
  }
  if (command === 'doctor') return await doctor(print);
  const supervisor = new Supervisor(command as Command, supervisorConfig(), print);
  let isAsked = false;
  const onSignal = () => {
    if (isAsked) {
      supervisor.kill();
      return;
    }
    isAsked = true;
    print('Stopping (once more to kill) …');
    void supervisor.stop(0);
  };
  // A terminal that is closed hangs up: without an ear for it everything would be left behind without a supervisor.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  // Likewise where whoever read these lines has gone: nobody hears them, and everything is still ended properly.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  const starting = supervisor.start({ reset: flags.includes('--reset') }).catch(async (error: Error) => {
    if (isAsked) return;
    const isKnown = [StartRefusedError, AlreadyRunningError, ConfigError, SchemaRefusedError, BuildError].some(
      (kind) => error instanceof kind,
    );
    print(isKnown ? error.message : (error.stack ?? error.message));
    await supervisor.stop(1);
  });
  const code = await supervisor.ended;
  await Promise.race([starting, new Promise((done) => setTimeout(done, 100))]);
  return code;
}

process.exit(
  await main().catch((error: Error) => {
    print(error instanceof ConfigError ? error.message : (error.stack ?? error.message));
    return 1;
  }),
);
