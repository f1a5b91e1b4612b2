/** The house checks itself: who may import whom, how large a file may be, and what may never stand in it. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { SAFEGUARDS } from '@/lib/domain/safeguards';

const root = path.resolve(import.meta.dirname, '../..');
const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file && existsSync(path.join(root, file)));
const sources = tracked.filter((file) => /\.(ts|tsx|mjs)$/.test(file));
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

/** Rooms from the ground up, and what each may import. `lib/adapters/ports` holds interfaces alone. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  'lib/domain': ['lib/domain'],
  'lib/contracts': ['lib/contracts', 'lib/domain'],
  'lib/config': ['lib/config', 'lib/domain'],
  'lib/adapters': ['lib/adapters', 'lib/domain', 'lib/contracts', 'lib/config'],
  db: ['db', 'lib/domain', 'lib/contracts', 'lib/adapters/ports'],
  'lib/services': ['lib/services', 'lib/domain', 'lib/contracts', 'lib/config', 'lib/adapters', 'db'],
  'lib/worker': ['lib/worker', 'lib/services', 'lib/domain', 'lib/contracts', 'lib/config', 'lib/adapters', 'db'],
  'lib/gateway': [
    'lib/gateway',
    'lib/domain',
    'lib/contracts',
    'lib/config',
    'lib/adapters',
    'db/queries/gateway',
    'db/client',
  ],
  // The client is a registered gateway inside an application, so it needs the core and not the pipeline alone.
  'lib/client': [
    'lib/client',
    'lib/gateway/core',
    'lib/gateway/limits',
    'lib/gateway/pipeline',
    'lib/domain',
    'lib/contracts',
    'lib/adapters',
  ],
  app: ['app', 'lib/services', 'lib/contracts', 'lib/domain'],
  'app/_server': ['app', 'lib/services', 'lib/contracts', 'lib/domain', 'lib/config', 'lib/adapters', 'db/client'],
};
/** Rooms above everything; only e2e, tests and the npm scripts import them. */
const ABOVE = ['lib/sandbox', 'lib/bench', 'lib/testing', 'lib/supervisor'];
/** The one file of each kind that a rule names as its exception. */
const EXCEPTIONS = new Set(['db/seed/demo.ts', 'instrumentation.ts', 'proxy.ts']);

const isTest = (file: string): boolean => /\.(test|spec)\.tsx?$/.test(file);
const roomOf = (file: string): string | null =>
  Object.keys(MAY_IMPORT)
    .filter((room) => file.startsWith(`${room}/`))
    .sort((a, b) => b.length - a.length)[0] ?? null;

function importsOf(file: string): string[] {
  const found = [...read(file).matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] as string);
  return found.map((name) =>
    name.startsWith('@/') ? name.slice(2) : name.startsWith('.') ? path.join(path.dirname(file), name) : `npm:${name}`,
  );
}

describe('the house', () => {
  it('lets arrows point down only', () => {
    const wrong: string[] = [];
    for (const file of sources) {
      const room = roomOf(file);
      if (!room || isTest(file) || EXCEPTIONS.has(file)) continue;
      const allowed = MAY_IMPORT[room] as readonly string[];
      for (const name of importsOf(file)) {
        if (name.startsWith('npm:')) continue;
        if (
          !allowed.some((prefix) => name === prefix || name.startsWith(`${prefix}/`) || name.startsWith(`${prefix}.`))
        )
          wrong.push(`${file} imports ${name}; ${room} may import ${allowed.join(', ')}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('keeps rooms above everything out of what ships', () => {
    const wrong = sources
      .filter(
        (file) =>
          !isTest(file) &&
          !EXCEPTIONS.has(file) &&
          !ABOVE.some((room) => file.startsWith(`${room}/`)) &&
          !file.startsWith('e2e/'),
      )
      .flatMap((file) =>
        importsOf(file)
          .filter((name) => ABOVE.some((room) => name.startsWith(`${room}/`)))
          .map((name) => `${file} imports ${name}`),
      )
      .filter((line) => !/^(vitest|playwright|drizzle)\.config/.test(line));
    expect(wrong).toEqual([]);
  });

  it('keeps the domain free of IO, clock and chance', () => {
    const wrong = sources
      .filter((file) => file.startsWith('lib/domain/') && !isTest(file))
      .flatMap((file) => {
        const text = read(file).replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
        const outside = importsOf(file).filter((name) => name.startsWith('npm:'));
        const impure = ['Date.now(', 'Math.random(', 'process.', 'Buffer.', 'performance.now('].filter((word) =>
          text.includes(word),
        );
        return [...outside, ...impure].map((name) => `${file}: ${name}`);
      });
    expect(wrong).toEqual([]);
  });

  it('keeps node:http out of the pipeline and the core, because the client imports them', () => {
    const wrong = sources.filter(
      (file) =>
        file.startsWith('lib/gateway/') &&
        !/^lib\/gateway\/(http\/|(run|main)\.ts$)/.test(file) &&
        !isTest(file) &&
        importsOf(file).some((name) => /^npm:(node:)?https?$/.test(name)),
    );
    expect(wrong).toEqual([]);
  });

  it('lets lib/config alone read the environment', () => {
    const wrong = sources.filter(
      (file) =>
        !isTest(file) &&
        !/^(lib\/config|lib\/testing|lib\/bench|e2e)\//.test(file) &&
        !/^[^/]+\.(ts|mjs)$/.test(file) &&
        /process\.env/.test(read(file).replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')),
    );
    expect(wrong).toEqual([]);
  });

  it('keeps every file below its hard limit', () => {
    const wrong = sources
      .filter((file) => !file.startsWith('app/_ui/primitives/'))
      .map((file) => ({ file, lines: read(file).split('\n').length - 1, max: isTest(file) ? 600 : 400 }))
      .filter(({ lines, max }) => lines > max)
      .map(({ file, lines, max }) => `${file}: ${lines} lines, at most ${max}`);
    expect(wrong).toEqual([]);
  });

  it('names files in kebab-case, and none of them utils', () => {
    const wrong = sources.filter((file) => {
      const name = path.basename(file).replace(/(\.(client|test|it|spec|config|d))*\.(ts|tsx|mjs)$/, '');
      if (/^\[.*\]$/.test(name)) return false;
      return !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) || ['utils', 'helpers', 'common', 'misc', 'types'].includes(name);
    });
    expect(wrong).toEqual([]);
  });

  it('sleeps in no test and mocks no module of ours', () => {
    const wrong = sources
      .filter((file) => isTest(file) && file !== 'lib/testing/house.test.ts')
      .filter((file) => /vi\.mock\(\s*'(@\/|\.)|waitForTimeout\(|await sleep\(|setTimeout\(resolve/.test(read(file)));
    expect(wrong).toEqual([]);
  });

  it('has, for every switch of the protocol, one place that obeys it and a test that turns red without it', () => {
    const shipping = sources
      .filter((file) => !isTest(file) && file !== 'lib/domain/safeguards.ts')
      .map(read)
      .join('\n');
    const tests = sources
      .filter((file) => isTest(file) && file !== 'lib/testing/house.test.ts')
      .map(read)
      .join('\n');
    const wrong = Object.keys(SAFEGUARDS).flatMap((name) => [
      ...(new RegExp(`(safeguards|guards|switches)\\??\\.${name}\\b`).test(shipping)
        ? []
        : [`${name}: obeyed nowhere`]),
      ...(new RegExp(`without\\([^)]*'${name}'`).test(tests) ? [] : [`${name}: no test is red without it`]),
    ]);
    expect(wrong).toEqual([]);
  });

  it('starts what must end with a goodbye without the command of tsx, which kills whatever is 60 ms late to a signal', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const lasting = ['demo', 'start', 'web', 'worker', 'gateway', 'sandbox'];
    expect(lasting.filter((name) => !scripts[name]?.startsWith('node --import tsx '))).toEqual([]);
  });

  it('puts no machine path, registry host or secret into the repository', () => {
    const wrong = tracked
      .filter(
        (file) => !/package-lock\.json$|\.(png|ico|woff2|jar)$/.test(file) && file !== 'lib/testing/house.test.ts',
      )
      .filter((file) => /\/work\/|\/tmp\/bash_jobs|registry\.npmjs|AKIA[0-9A-Z]{16}/.test(read(file)));
    expect(wrong).toEqual([]);
  });

  it('cites only paths that exist in its documents', () => {
    const wrong = tracked
      .filter((file) => /^[A-Z]+\.md$/.test(file))
      .flatMap((file) =>
        [...read(file).matchAll(/`((?:app|lib|db|e2e|public)\/[\w./()[\]-]*[\w)\]])`/g)]
          .map((match) => match[1] as string)
          .filter((cited) => !existsSync(path.join(root, cited)))
          .map((cited) => `${file} cites ${cited}`),
      );
    expect(wrong).toEqual([]);
  });
});
