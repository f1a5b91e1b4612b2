/** `npm run bench -- <name>`: the last line on standard output is one JSON object with the result. */
const BENCHES: Record<string, () => Promise<void>> = {
  backfill: async () => (await import('./backfill')).runBackfillBench(),
  verify: async () => (await import('./verify')).runVerifyBench(),
  demo: async () => (await import('./demo')).runDemoBench(),
  gateway: async () => (await import('./gateway')).runGatewayBench(),
  scale: async () => (await import('./scale')).runScaleBench(),
  storm: async () => (await import('./storm')).runStormBench(),
};

const asked = process.argv[2] ?? 'demo';
const bench = BENCHES[asked];
if (!bench) {
  process.stderr.write(`There is no bench "${asked}"; there are: ${Object.keys(BENCHES).join(', ')}\n`);
  process.exit(2);
}
await bench();

export {};
