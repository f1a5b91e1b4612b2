/**
 * SHA-256 (FIPS 180-4) in plain TypeScript, because routing must give one answer in gateway, browser and client and the
 * domain imports nothing. Short inputs only: keys and salts. Adapters hash bodies with node:crypto.
 */
const ROUNDS = roundConstants();
/** Scratch of the one computation that can run at a time: nothing here waits. */
const WORDS = new Int32Array(64);

export function sha256(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const state = initialState();
  const padded = pad(message);
  const view = new DataView(padded.buffer);
  for (let at = 0; at < padded.length; at += 64) compress(state, view, at);
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

function expand(view: DataView, at: number): void {
  for (let n = 0; n < 16; n += 1) WORDS[n] = view.getInt32(at + n * 4);
  for (let n = 16; n < 64; n += 1) {
    const x = WORDS[n - 15] as number;
    const y = WORDS[n - 2] as number;
    const s0 = rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3);
    const s1 = rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10);
    WORDS[n] = ((WORDS[n - 16] as number) + s0 + (WORDS[n - 7] as number) + s1) | 0;
  }
}

function compress(state: Int32Array, view: DataView, at: number): void {
  expand(view, at);
  let a = state[0] as number;
  let b = state[1] as number;
  let c = state[2] as number;
  let d = state[3] as number;
  let e = state[4] as number;
  let f = state[5] as number;
  let g = state[6] as number;
  let h = state[7] as number;
  for (let n = 0; n < 64; n += 1) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const choice = (e & f) ^ (~e & g);
    const t1 = (h + s1 + choice + (ROUNDS[n] as number) + (WORDS[n] as number)) | 0;
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
  state[0] = (state[0] as number) + a;
  state[1] = (state[1] as number) + b;
  state[2] = (state[2] as number) + c;
  state[3] = (state[3] as number) + d;
  state[4] = (state[4] as number) + e;
  state[5] = (state[5] as number) + f;
  state[6] = (state[6] as number) + g;
  state[7] = (state[7] as number) + h;
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
