/** Bytes without node: the domain runs in a browser too. */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const encoder = new TextEncoder();

export const utf8 = (text: string): Uint8Array => encoder.encode(text);

/** Bytes of the UTF-8 form; a lone surrogate counts as the three bytes of its replacement. */
export function utf8Bytes(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    if (unit < 0x800) {
      bytes += 1;
      continue;
    }
    bytes += 2;
    const isHigh = unit >= 0xd800 && unit <= 0xdbff;
    if (!isHigh || at + 1 >= text.length) continue;
    const next = text.charCodeAt(at + 1);
    if (next >= 0xdc00 && next <= 0xdfff) at += 1; // a pair: two units, four bytes
  }
  return bytes;
}

/**
 * The one spelling of a base64 text (RFC 4648 with padding), or null where it is none. Only the unused bits of the last
 * group can differ between two spellings of the same bytes.
 */
export function canonicalBase64(text: string): string | null {
  if (!BASE64.test(text)) return null;
  if (!text.endsWith('=')) return text;
  const isDouble = text.endsWith('==');
  const at = text.length - (isDouble ? 3 : 2);
  const digit = ALPHABET.indexOf(text.charAt(at)) & (isDouble ? 0x30 : 0x3c);
  return text.slice(0, at) + ALPHABET.charAt(digit) + text.slice(at + 1);
}

/** Raw bytes of a base64 text. */
export function base64Bytes(text: string): number {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return (text.length / 4) * 3 - padding;
}

/** RFC 4648 section 5 without padding: safe in URLs, channel payloads and file names. */
export function base64Url(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const [a = 0, b = 0, c = 0] = [bytes[at], bytes[at + 1], bytes[at + 2]];
    const group = (a << 16) | (b << 8) | c;
    const digits = Math.min(3, bytes.length - at) + 1;
    for (let n = 0; n < digits; n += 1) text += ALPHABET.charAt((group >> (18 - 6 * n)) & 63);
  }
  return text.replaceAll('+', '-').replaceAll('/', '_');
}
