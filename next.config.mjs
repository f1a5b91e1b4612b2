/** @type {import('next').NextConfig} */
const config = {
  reactStrictMode: true,
  poweredByHeader: false,
  // Native or worker-thread packages that the bundler must leave alone.
  serverExternalPackages: ['postgres', 'pino', 'graphile-worker', 'pg', 'undici'],
  experimental: {},
};

export default config;
