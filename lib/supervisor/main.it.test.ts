import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { childEnvironment } from '@/lib/config';
import { tsx } from './child';
import { projectDir } from './data-dir';

const dataDir = mkdtempSync(join(tmpdir(), 'landfall-main-'));
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

const freePort = async (): Promise<string> => {
  const probe = createServer();
  await new Promise<void>((done) => probe.listen(0, '127.0.0.1', done));
  const { port } = probe.address() as { port: number };
  await new Promise((done) => probe.close(done));
  return String(port);
};
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

const run = (args: string[], environment: Record<string, string>) =>
  new Promise<{ code: number | null; output: string }>((done) => {
    const child = spawn(process.execPath, [...tsx('lib/supervisor/main.ts'), ...args], {
      cwd: projectDir,
      env: childEnvironment({ NODE_ENV: 'production', LANDFALL_DATA_DIR: dataDir, ...environment }),
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
    child.once('close', (code) => done({ code, output }));
  });

describe('the command line', () => {
  test('refuses to listen beyond loopback with secrets that it made itself', async () => {
    const { code, output } = await run(['start'], { LANDFALL_BIND_HOST: '0.0.0.0' });
    expect(code).toBe(1);
    expect(output).toContain('LANDFALL_SEALING_KEY, BETTER_AUTH_SECRET');
  });

  test('names the port that is taken and the variable that moves it', async () => {
    const stranger = createServer();
    await new Promise<void>((done) => stranger.listen(0, '127.0.0.1', done));
    const { port } = stranger.address() as { port: number };
    const { code, output } = await run(['start'], { LANDFALL_WEB_PORT: String(port) });
    stranger.close();
    expect(code).toBe(1);
    expect(output).toContain(`port ${port} (LANDFALL_WEB_PORT)`);
  });

  test('says that it is running already, and where', async () => {
    const idle = join(dataDir, 'idle.mjs');
    writeFileSync(idle, 'setInterval(() => {}, 1000);');
    const other = spawn(process.execPath, [idle, 'lib/supervisor/main.ts'], { stdio: 'ignore' });
    const lock = { pid: other.pid, command: 'npm run demo', url: 'http://127.0.0.1:3999', startedAt: '', children: [] };
    writeFileSync(join(dataDir, 'supervisor.lock'), JSON.stringify(lock));
    const { code, output } = await run(['demo'], {});
    other.kill('SIGKILL');
    rmSync(join(dataDir, 'supervisor.lock'));
    expect(code).toBe(1);
    expect(output).toContain(`npm run demo, process ${other.pid}, at http://127.0.0.1:3999`);
  });

  test('lists every problem of the configuration and shows no secret', async () => {
    const { code, output } = await run(['start'], { LANDFALL_WEB_PORT: 'x', LANDFALL_SEALING_KEY: 'hush' });
    expect(code).toBe(1);
    expect(output).toMatch(/LANDFALL_WEB_PORT[\s\S]*LANDFALL_SEALING_KEY|LANDFALL_SEALING_KEY[\s\S]*LANDFALL_WEB_PORT/);
    expect(output).not.toContain('hush');
  });

  test('doctor says the fix of what is wrong', async () => {
    const { code, output } = await run(['doctor'], { DATABASE_URL: 'postgres://u:hush@127.0.0.1:1/x' });
    expect(code).toBe(1);
    expect(output).toMatch(/WRONG {2}database +not reachable \(ECONNREFUSED\)\n +Check DATABASE_URL/);
    expect(output).not.toContain('hush');
  });

  test('a terminal that is closed, and takes the reader of its lines with it, leaves no process behind', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'landfall-hang-up-'));
    const names = ['WEB', 'GATEWAY', 'SOURCE', 'TARGET', 'APPLICATION', 'ALERTS', 'POSTGRES'];
    const ports = await Promise.all(names.map(async (name) => [`LANDFALL_${name}_PORT`, await freePort()]));
    const child = spawn(process.execPath, [...tsx('lib/supervisor/main.ts'), 'demo'], {
      cwd: projectDir,
      env: childEnvironment({
        ...{ NODE_ENV: 'production', LANDFALL_DATA_DIR: dir },
        ...(Object.fromEntries(ports) as Record<string, string>),
      }),
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const ended = new Promise<number | string | null>((done) => child.once('exit', (code, how) => done(code ?? how)));
    await new Promise<void>((done) => {
      let said = '';
      child.stdout.on('data', (chunk) => {
        said += String(chunk);
        if (said.includes('source ready') && said.includes('database ready')) done();
      });
    });
    const { children } = JSON.parse(readFileSync(join(dir, 'supervisor.lock'), 'utf8')) as {
      children: { pid: number }[];
    };
    const postgres = Number(readFileSync(join(dir, 'postgres/data/postmaster.pid'), 'utf8').split('\n')[0]);
    child.stdout.destroy();
    child.stderr.destroy();
    child.kill('SIGHUP');
    expect(await ended).toBe(0);
    const pids = [postgres, ...children.map(({ pid }) => pid)];
    expect(pids.length).toBeGreaterThan(2);
    expect(pids.filter((pid) => isAlive(pid))).toEqual([]);
    rmSync(dir, { recursive: true, force: true });
  });
});
