/** How numbers are said; one place, so a screen, a gate and an event never say the same number differently. */

/** `4m 12s`, `850 ms`, `2d 3h`; never negative. */
export function formatMs(ms: number): string {
  const value = Math.max(0, ms);
  if (value < 1_000) return `${Math.round(value)} ms`;
  const seconds = value / 1_000;
  if (seconds < 10) return `${trim(seconds.toFixed(1))} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const units: [string, number][] = [
    ['d', 86_400],
    ['h', 3_600],
    ['m', 60],
    ['s', 1],
  ];
  const parts: string[] = [];
  let rest = Math.round(seconds);
  for (const [name, size] of units) {
    const whole = Math.floor(rest / size);
    if (whole > 0 && parts.length < 2) {
      parts.push(`${whole}${name}`);
      rest -= whole * size;
    } else if (parts.length > 0) break;
  }
  return parts.join(' ');
}

const trim = (text: string): string => text.replace(/\.?0+$/, '');

/** 12500 → `12.5 %`; 100000 → `100 %`. */
export const formatShare = (milli: number): string => `${trim((milli / 1_000).toFixed(3))} %`;

/** 1234567 → `1,234,567`. */
export const formatCount = (value: number): string => Math.round(value).toLocaleString('en-US');

/** 1536 → `1.5 KB`; powers of 1024, as DynamoDB counts. */
export function formatBytes(bytes: number): string {
  const names = ['B', 'KB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let index = 0;
  while (value >= 1024 && index < names.length - 1) {
    value /= 1024;
    index += 1;
  }
  return `${index === 0 ? value : trim(value.toFixed(1))} ${names[index]}`;
}

/** `12.5` or `12.5 %` → 12500; null when it is not a share from 0 to 100 with at most three decimals. */
export function parseShareMilli(text: string): number | null {
  const match = /^\s*(\d{1,3})(?:[.,](\d{1,3}))?\s*%?\s*$/.exec(text);
  if (!match) return null;
  const milli = Number(match[1]) * 1_000 + Number((match[2] ?? '').padEnd(3, '0'));
  return milli <= 100_000 ? milli : null;
}
