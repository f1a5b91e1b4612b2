// Sent with everything, files included; the proxy adds the content security policy, which needs a nonce a request.
const SECURITY_HEADERS = [
  { key: 'X-Content-Type-Options', value: 'nosniff' },
  { key: 'X-Frame-Options', value: 'DENY' },
  // Not `no-referrer`: that makes browsers send `Origin: null` with our own forms, which are then refused.
  // Nothing leaves for another origin with either.
  { key: 'Referrer-Policy', value: 'same-origin' },
  { key: 'Permissions-Policy', value: 'camera=(), geolocation=(), microphone=(), payment=(), usb=()' },
  { key: 'Cross-Origin-Opener-Policy', value: 'same-origin' },
  { key: 'Cross-Origin-Resource-Policy', value: 'same-origin' },
];

/** @type {import('next').NextConfig} */
const config = {
  reactStrictMode: true,
  poweredByHeader: false,
  devIndicators: false,
  // `proxy.ts` does it: a 308 is no answer to a POST of a flag provider whose base URL ends in a slash.
  skipTrailingSlashRedirect: true,
  // Native or worker-thread packages that the bundler must leave alone.
  serverExternalPackages: ['postgres', 'pino', 'graphile-worker', 'pg', 'undici'],
  experimental: {},
  // A start builds what was released; `npm test` and `npm run build` are where types are checked.
  typescript: { ignoreBuildErrors: process.env.LANDFALL_BUILD_SKIPS_TYPES === '1' },
  headers: async () => [{ source: '/:path*', headers: SECURITY_HEADERS }],
};

export default config;
