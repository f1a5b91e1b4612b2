/** What the gateway is held against: nginx where it is installed, and npm's `http-proxy`. Both pass bytes and sign nothing. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { pinned } from './processes';

const READY_TRIES_MAX = 100;
const READY_EVERY_MS = 50;

/** Where distributions put servers. */
const ENVIRONMENT = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/usr/local/sbin` };

export interface Rival {
  pid: number;
  port: number;
  version: string;
  stop(): Promise<void>;
}

const freePort = (): Promise<number> =>
  new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => done(port));
    });
  });

async function accepts(port: number): Promise<void> {
  for (let tries = 0; tries < READY_TRIES_MAX; tries += 1) {
    const isOpen = await new Promise<boolean>((done) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => {
        socket.destroy();
        done(true);
      });
      socket.once('error', () => done(false));
    });
    if (isOpen) return;
    await new Promise<void>((done) => setTimeout(done, READY_EVERY_MS));
  }
  throw new Error(`nothing listens on port ${port}`);
}

const CONFIGURATION = (dir: string, port: number, upstream: number) => `
daemon off;
master_process off;
worker_processes 1;
error_log ${dir}/nginx-error.log warn;
pid ${dir}/nginx.pid;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path ${dir}/body;
  proxy_temp_path ${dir}/proxy;
  fastcgi_temp_path ${dir}/fastcgi;
  uwsgi_temp_path ${dir}/uwsgi;
  scgi_temp_path ${dir}/scgi;
  tcp_nodelay on;
  client_max_body_size 16m;
  client_body_buffer_size 64k;
  keepalive_requests 1000000000;
  upstream store { server 127.0.0.1:${upstream}; keepalive 128; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://store;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
    }
  }
}
`;

/** Null where nginx is not installed. */
export async function startNginx(options: {
  dir: string;
  upstream: number;
  core: number | null;
}): Promise<Rival | null> {
  let version: string;
  try {
    // It writes its version to standard error.
    version = execFileSync('sh', ['-c', 'nginx -v 2>&1'], { env: ENVIRONMENT }).toString().trim();
    version = version.replace('nginx version: ', '');
  } catch {
    return null;
  }
  const port = await freePort();
  const file = join(options.dir, 'nginx.conf');
  writeFileSync(file, CONFIGURATION(options.dir, port, options.upstream));
  const [command, ...args] = pinned(options.core, ['nginx', '-c', file, '-p', options.dir]) as [string, ...string[]];
  return await rival(
    spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], env: ENVIRONMENT }),
    port,
    version,
  );
}

/** With an agent that keeps connections: as it comes it opens one for each request, which costs it half its rate. */
export async function startHttpProxy(options: { upstream: number; core: number | null }): Promise<Rival> {
  const port = await freePort();
  const code = `
    const { createServer, Agent } = require('node:http');
    const agent = new Agent({ keepAlive: true, maxSockets: 128 });
    const proxy = require('http-proxy').createProxyServer({ target: 'http://127.0.0.1:${options.upstream}', agent });
    proxy.on('error', (error, request, response) => response.destroy());
    createServer((request, response) => proxy.web(request, response)).listen(${port}, '127.0.0.1');`;
  const [command, ...args] = pinned(options.core, [process.execPath, '-e', code]) as [string, ...string[]];
  const child = spawn(command, args, {
    stdio: ['ignore', 'inherit', 'ignore'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  return await rival(child, port, `http-proxy on Node ${process.version}`);
}

async function rival(child: ChildProcess, port: number, version: string): Promise<Rival> {
  const exited = new Promise<void>((done) => child.once('exit', () => done()));
  await accepts(port);
  const pid = child.pid as number;
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) process.kill(pid, 'SIGTERM');
    await exited;
  };
  return { pid, port, version, stop };
}
