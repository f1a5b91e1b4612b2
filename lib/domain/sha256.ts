/**
 * SHA-256 (FIPS 180-4) in plain TypeScript, because routing must give one answer in gateway, browser and client and the
 * domain imports nothing. Short inputs only: keys and salts. Adapters hash bodies with node:crypto.
 */
const ROUNDS = roundConstants();

export function sha256(message: Uint8Array): Uint8Array {
  const state = initialState();
  const padded = pad(message);
  const view = new DataView(padded.buffer);
  const words = new Int32Array(64);
  for (let at = 0; at < padded.length; at += 64) compress(state, view, { at, words });
  const digest = new Uint8Array(32);
  const out = new DataView(digest.buffer);
  for (let n = 0; n < 8; n += 1) out.setInt32(n * 4, state[n] as number);
  return digest;
}

function pad(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const length = Math.ceil((message.length + 9) / 64) * 64;
  const padded = new Uint8Array(length);
  padded.set(message);
  padded[message.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(length - 8, Math.floor(message.length / 2 ** 29));
  view.setUint32(length - 4, (message.length << 3) >>> 0);
  return padded;
}

function compress(state: Int32Array, view: DataView, block: { at: number; words: Int32Array }): void {
  const { at, words } = block;
  for (let n = 0; n < 16; n += 1) words[n] = view.getInt32(at + n * 4);
  for (let n = 16; n < 64; n += 1) {
    const x = words[n - 15] as number;
    const y = words[n - 2] as number;
    const s0 = rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3);
    const s1 = rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10);
    words[n] = ((words[n - 16] as number) + s0 + (words[n - 7] as number) + s1) | 0;
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (let n = 0; n < 64; n += 1) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const choice = (e & f) ^ (~e & g);
    const t1 = (h + s1 + choice + (ROUNDS[n] as number) + (words[n] as number)) | 0;
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  const next = [a, b, c, d, e, f, g, h];
  for (let n = 0; n < 8; n += 1) state[n] = ((state[n] as number) + (next[n] as number)) | 0;
}

const rotate = (word: number, by: number): number => (word >>> by) | (word << (32 - by));

/** Fractional bits of square roots of the first eight primes (FIPS 180-4, 5.3.3). */
function initialState(): Int32Array {
  return Int32Array.of(0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19);
}

/** First 32 fractional bits of the cube roots of the first 64 primes (4.2.2), by exact integer roots. */
function roundConstants(): Int32Array {
  const constants = new Int32Array(64);
  let prime = 1n;
  for (let found = 0; found < 64; found += 1) {
    prime = nextPrime(prime);
    constants[found] = Number(BigInt.asIntN(32, cubeRoot(prime << 96n)));
  }
  return constants;
}

function nextPrime(after: bigint): bigint {
  for (let candidate = after + 1n; ; candidate += 1n) {
    let divisor = 2n;
    while (divisor * divisor <= candidate && candidate % divisor !== 0n) divisor += 1n;
    if (divisor * divisor > candidate) return candidate;
  }
}

/** Floor of the cube root; the 32 bits after the point of ∛p are the low 32 bits of ∛(p·2⁹⁶). */
function cubeRoot(value: bigint): bigint {
  let low = 0n;
  let high = 1n << 36n;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle * middle * middle <= value) low = middle;
    else high = middle;
  }
  return low;
}
