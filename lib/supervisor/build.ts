/** `next build`, only when something that goes into it has changed since the last one. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { childEnvironment } from '@/lib/config';
import { projectDir } from './data-dir';

const ROOMS = ['app', 'db', 'lib', 'public'];
/** Rooms that the dashboard never imports. */
const NOT_BUILT = new Set(['lib/testing', 'lib/bench', 'lib/sandbox', 'lib/supervisor', 'lib/worker', 'lib/gateway']);
const FILES = [
  ...['package-lock.json', 'package.json', 'next.config.mjs', 'tsconfig.json', 'postcss.config.mjs', 'proxy.ts'],
  'instrumentation.ts',
];
const MARK = join(projectDir, '.next', 'landfall-inputs');

function* filesIn(room: string): Generator<string> {
  if (!existsSync(join(projectDir, room)) || NOT_BUILT.has(room)) return;
  const entries = readdirSync(join(projectDir, room), { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = `${room}/${entry.name}`;
    if (entry.isDirectory()) yield* filesIn(path);
    else if (!/\.test\.tsx?$/.test(entry.name)) yield path;
  }
}

export function inputsHash(): string {
  const hash = createHash('sha256');
  const paths = [...ROOMS.flatMap((room) => [...filesIn(room)]), ...FILES];
  for (const path of paths.filter((each) => existsSync(join(projectDir, each)))) {
    hash.update(`${path}\0`).update(readFileSync(join(projectDir, path)));
  }
  return hash.digest('hex');
}

export const isBuildCurrent = (): boolean =>
  existsSync(join(projectDir, '.next', 'BUILD_ID')) && existsSync(MARK) && readFileSync(MARK, 'utf8') === inputsHash();

/** The sources do not build; the message is what Next said. */
export class BuildError extends Error {
  override readonly name = 'BuildError';
}

/** Builds when stale; true when it did. `output` takes what Next prints. */
export async function buildIfStale(output: (text: string) => void): Promise<boolean> {
  if (isBuildCurrent()) return false;
  const hash = inputsHash();
  const next = join(projectDir, 'node_modules', 'next', 'dist', 'bin', 'next');
  await new Promise<void>((done, fail) => {
    const child = spawn(process.execPath, [next, 'build'], {
      cwd: projectDir,
      env: childEnvironment({ NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1', LANDFALL_BUILD_SKIPS_TYPES: '1' }),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        output(chunk.toString());
      });
    }
    child.once('error', fail);
    child.once('exit', (code) =>
      code === 0 ? done() : fail(new BuildError(`next build failed:\n${text.slice(-4_000)}`)),
    );
  });
  writeFileSync(MARK, hash);
  return true;
}
