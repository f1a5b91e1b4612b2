import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { err, ok, type Result } from '@/lib/domain/result';

/**
 * Where this server may be sent by what a person typed. A console that fetches any address is a way into the cloud's
 * metadata service, which hands out credentials to whoever asks from inside; so link-local and metadata addresses are
 * refused in every spelling, written or resolved. Private and loopback addresses are allowed: stores stand there.
 */
const BLOCKED = new BlockList();
BLOCKED.addSubnet('169.254.0.0', 16, 'ipv4');
BLOCKED.addAddress('100.100.100.200', 'ipv4');
BLOCKED.addSubnet('fe80::', 10, 'ipv6');
BLOCKED.addAddress('fd00:ec2::254', 'ipv6');
BLOCKED.addAddress('fd20:ce::254', 'ipv6');
// IPv4 inside IPv6: mapped addresses are unfolded by BlockList itself, the rest by these.
BLOCKED.addSubnet('::', 96, 'ipv6');
BLOCKED.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6');
BLOCKED.addSubnet('2002:a9fe::', 32, 'ipv6');
/** `::1` lies in `::/96` and is loopback. */
const LOOPBACK_V6 = '::1';
const METADATA_HOSTS: ReadonlySet<string> = new Set(['metadata.google.internal', 'metadata', 'instance-data']);
const LOOKUP_MS_MAX = 3_000;

export const isBlockedAddress = (address: string): boolean => {
  const family = isIP(address);
  if (family === 0 || address === LOOPBACK_V6) return false;
  return BLOCKED.check(address, family === 6 ? 'ipv6' : 'ipv4');
};

/** The host without brackets; the URL parser has already folded decimal, octal and full-width spellings. */
const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '').toLowerCase();

export function isLoopback(endpoint: string): boolean {
  const host = hostOf(new URL(endpoint));
  return (
    host === 'localhost' || host.endsWith('.localhost') || host === LOOPBACK_V6 || /^127\.\d+\.\d+\.\d+$/.test(host)
  );
}

/** The address as it is stored, or a sentence saying what is wrong with it. */
export function parseEndpoint(text: string): Result<URL, string> {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return err('Give a whole address, such as https://dynamodb.eu-central-1.amazonaws.com.');
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return err('Only http and https addresses are used.');
  if (url.username !== '' || url.password !== '') return err('Leave user name and password out of the address.');
  if (url.search !== '' || url.hash !== '') return err('Leave out what follows ? or #.');
  const host = hostOf(url);
  if (host === '') return err('The address names no host.');
  if (METADATA_HOSTS.has(host.replace(/\.$/, '')) || isBlockedAddress(host))
    return err('This is a link-local or metadata address; no store stands there.');
  return ok(url);
}

/** Also looks the name up: a harmless name may point to a metadata address. */
export async function checkEndpoint(text: string): Promise<Result<string, string>> {
  const parsed = parseEndpoint(text);
  if (!parsed.ok) return parsed;
  const host = hostOf(parsed.value);
  const endpoint = parsed.value.pathname === '/' ? parsed.value.origin : parsed.value.href.replace(/\/$/, '');
  if (isIP(host) !== 0) return ok(endpoint);
  const addresses = await addressesOf(host);
  if (addresses.some(isBlockedAddress))
    return err('This name points to a link-local or metadata address; no store stands there.');
  // A name that does not resolve is left to the probe, which says what was tried.
  return ok(endpoint);
}

async function addressesOf(host: string): Promise<string[]> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, refuse) => {
    timer = setTimeout(() => refuse(new Error('no answer from the resolver')), LOOKUP_MS_MAX);
  });
  try {
    const found = await Promise.race([lookup(host, { all: true, verbatim: true }), deadline]);
    return found.map((one) => one.address);
  } catch {
    return [];
  } finally {
    clearTimeout(timer);
  }
}
