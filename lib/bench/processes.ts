/** Processes of a bench: started as children, their CPU read from /proc, ended by their own pid. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const projectDir = fileURLToPath(new URL('../..', import.meta.url));
/** Clock ticks a second of /proc/<pid>/stat; 100 on every Linux that Node supports. */
const TICKS_PER_SECOND = 100;
const START_MS_MAX = 60_000;

export interface StartOptions {
  /** Written to its standard input as one line of JSON. */
  input?: unknown;
  environment?: Record<string, string>;
  args?: string[];
  nodeArgs?: string[];
  core?: number | null;
}

export interface BenchProcess {
  pid: number;
  ready: Record<string, unknown>;
  stop(): Promise<void>;
}

/** Whether processes can be bound to a core here. */
export function hasTaskset(): boolean {
  try {
    execFileSync('taskset', ['-c', '0', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/**
 * Puts this process, and what it starts from now on, before all usual work of the machine, so that a neighbour does not
 * empty the caches of what is measured. False where that is not allowed.
 */
export function goFirst(): boolean {
  try {
    execFileSync('chrt', ['--rr', '--pid', '5', String(process.pid)], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** A command bound to one core; null: as it is. The process id stays that of the command. */
export const pinned = (core: number | null, command: string[]): string[] =>
  core === null ? command : ['taskset', '-c', String(core), ...command];

/** Starts one of our entries with tsx and waits for its line `{"ready":true,…}`. */
export async function startProcess(entry: string, options: StartOptions = {}): Promise<BenchProcess> {
  const { core = null, args = [], nodeArgs = [] } = options;
  const [command, ...rest] = pinned(core, [process.execPath, ...nodeArgs, '--import', 'tsx', entry, ...args]);
  const child: ChildProcess = spawn(command as string, rest, {
    cwd: projectDir,
    env: { ...process.env, NODE_ENV: 'production', ...options.environment },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin?.end(options.input === undefined ? '' : `${JSON.stringify(options.input)}\n`);
  const exited = new Promise<void>((done) => child.once('exit', () => done()));
  const ready = await new Promise<Record<string, unknown>>((done, fail) => {
    const timer = setTimeout(() => fail(new Error(`${entry} was not ready in time`)), START_MS_MAX);
    child.once('exit', (code) => fail(new Error(`${entry} ended with ${code}`)));
    if (!child.stdout) return;
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (!line.startsWith('{"ready":true')) return;
      clearTimeout(timer);
      done(JSON.parse(line) as Record<string, unknown>);
    });
  });
  const pid = child.pid as number;
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) process.kill(pid, 'SIGTERM');
    await exited;
  };
  return { pid, ready, stop };
}

interface Stat {
  parent: number;
  ownS: number;
  childrenS: number;
}

function statOf(pid: number): Stat | null {
  try {
    // The name of a process may hold spaces; fields are counted from behind its closing parenthesis.
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const ticks = (at: number) => Number(fields[at]) / TICKS_PER_SECOND;
    return { parent: Number(fields[1]), ownS: ticks(11) + ticks(12), childrenS: ticks(13) + ticks(14) };
  } catch {
    return null;
  }
}

/** CPU seconds of one process, all its threads, user and system. */
export const cpuS = (pid: number): number => statOf(pid)?.ownS ?? 0;

/** The same for a server with child processes: its own, those that ended, and those that live. */
export function familyCpuS(pid: number): number {
  const parent = statOf(pid);
  if (!parent) return 0;
  const living = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => statOf(Number(name)))
    .filter((stat) => stat?.parent === pid);
  return parent.ownS + parent.childrenS + living.reduce((sum, stat) => sum + (stat?.ownS ?? 0), 0);
}
