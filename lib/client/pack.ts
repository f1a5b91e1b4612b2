/**
 * `npm run client:pack`: the client as a package that an application installs, in `dist/client`. One bundled file, its
 * declarations, and a package.json that names the libraries it leaves outside, in the versions that are tested here.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const projectDir = fileURLToPath(new URL('../..', import.meta.url));
/** What an application imports reaches these files; the rest is inside the bundle. */
const DECLARED = ['index', 'client', 'handler', 'options', 'faults'];

/** Writes package.json and index.js to `folder`. External libraries are found from there, as from any package. */
export async function bundleClient(folder: string): Promise<void> {
  const { metafile } = await build({
    absWorkingDir: projectDir,
    entryPoints: ['lib/client/index.ts'],
    outfile: join(folder, 'index.js'),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    packages: 'external',
    alias: { '@': projectDir.replace(/\/$/, '') },
    metafile: true,
    logLevel: 'warning',
  });
  const own = JSON.parse(readFileSync(join(projectDir, 'package.json'), 'utf8'));
  const used = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => packageOf(path)));
  const dependencies = Object.fromEntries(
    [...new Set(used)].sort().flatMap((name) => (name in own.dependencies ? [[name, own.dependencies[name]]] : [])),
  );
  const { version, license, engines } = own;
  const description = 'A DynamoDBClient whose requests Landfall routes inside the application.';
  const entry = { types: './index.d.ts', default: './index.js' };
  const made = { name: 'landfall-client', version, description, license, type: 'module', exports: entry };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify({ ...made, engines, dependencies }, null, 2)}\n`);
}

const packageOf = (path: string): string =>
  path
    .split('/')
    .slice(0, path.startsWith('@') ? 2 : 1)
    .join('/');

/** Declarations with extensions, so that every kind of module resolution finds them. */
function declareClient(folder: string): void {
  mkdirSync(join(projectDir, '.cache'), { recursive: true });
  const aside = mkdtempSync(join(projectDir, '.cache/client-types-'));
  try {
    const compilerOptions = { noEmit: false, declaration: true, emitDeclarationOnly: true, incremental: false };
    const config = {
      extends: '../../tsconfig.json',
      compilerOptions: { ...compilerOptions, outDir: './out', rootDir: '../..', paths: { '@/*': ['../../*'] } },
      include: ['../../lib/client/index.ts', '../../**/*.d.ts'],
      exclude: ['../../node_modules', '../../dist', '../../.next'],
    };
    writeFileSync(join(aside, 'tsconfig.json'), JSON.stringify(config));
    execFileSync(process.execPath, [join(projectDir, 'node_modules/typescript/bin/tsc'), '-p', aside], {
      stdio: 'inherit',
    });
    for (const name of DECLARED) {
      const text = readFileSync(join(aside, 'out/lib/client', `${name}.d.ts`), 'utf8');
      if (text.includes("'@/")) throw new Error(`${name}.d.ts speaks of a room that is not in the package`);
      writeFileSync(join(folder, `${name}.d.ts`), text.replace(/from ['"](\.\/[\w-]+)['"]/g, "from '$1.js'"));
    }
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = resolve(projectDir, 'dist/client');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await bundleClient(folder);
  declareClient(folder);
  cpSync(join(projectDir, 'LICENSE'), join(folder, 'LICENSE'));
  process.stdout.write('dist/client is ready: npm install ./dist/client, or npm pack ./dist/client\n');
}
