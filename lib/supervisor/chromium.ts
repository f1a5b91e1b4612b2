/** Which Chromium the browser tests use: the one named, the system's, or the one that npm installed. */
import { existsSync } from 'node:fs';

// The headless shell first: it draws no window's frame, and opens a page in half the time.
const SYSTEM = [
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

export interface FoundChromium {
  path: string;
  from: 'CHROMIUM' | 'system' | 'npm';
}

/** Null when there is none. That of npm unpacks itself on its first use (some seconds, into the temporary directory). */
export async function findChromium(given: string | undefined): Promise<FoundChromium | null> {
  if (given !== undefined) return existsSync(given) ? { path: given, from: 'CHROMIUM' } : null;
  const system = SYSTEM.find((path) => existsSync(path));
  if (system) return { path: system, from: 'system' };
  try {
    const { default: packed } = await import('@sparticuz/chromium');
    return { path: await packed.executablePath(), from: 'npm' };
  } catch {
    return null;
  }
}
