import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { TONES } from './tone';

const css = readFileSync(path.join(import.meta.dirname, '../globals.css'), 'utf8').replaceAll('"', "'");

/** Custom properties of the first rule that begins with `head`. */
function tokensOf(head: string): Map<string, string> {
  const start = css.indexOf(head);
  if (start < 0) throw new Error(`globals.css has no rule ${head}`);
  const body = css.slice(css.indexOf('{', start) + 1, css.indexOf('}', start));
  return new Map(
    [...body.matchAll(/--([\w-]+):\s*([^;]+);/g)].map((match) => [match[1] as string, (match[2] as string).trim()]),
  );
}

const THEMES = { light: tokensOf(':root'), dark: tokensOf("\n[data-theme='dark']") };

/** Relative luminance of an `oklch(L C H)` colour, by way of OKLab and linear sRGB clipped to its gamut. */
function luminance(text: string): number {
  const match = /^oklch\(([\d.]+) ([\d.]+) ([\d.]+)\)$/.exec(text);
  if (!match) throw new Error(`not an opaque oklch colour: ${text}`);
  const [lightness, chroma, hue] = [Number(match[1]), Number(match[2]), (Number(match[3]) * Math.PI) / 180];
  const [a, b] = [chroma * Math.cos(hue), chroma * Math.sin(hue)];
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const clip = (value: number) => Math.min(1, Math.max(0, value));
  const red = clip(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s);
  const green = clip(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s);
  const blue = clip(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(theme: Map<string, string>, one: string, other: string): number {
  const colour = (name: string) => luminance(theme.get(name) ?? `missing --${name}`);
  const [low, high] = [colour(one), colour(other)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

const GROUNDS = ['canvas', 'surface', 'sunken'];
const TEXT_PAIRS: [string, string][] = [
  ...['text', 'text-2', 'muted'].flatMap((text) => GROUNDS.map((ground): [string, string] => [text, ground])),
  ['on-accent', 'accent'],
  ...GROUNDS.map((ground): [string, string] => ['accent', ground]),
  ...TONES.map((tone): [string, string] => [`${tone}-fg`, `${tone}-tint`]),
  // Sentences inside a banner or a differing row.
  ...TONES.map((tone): [string, string] => ['text', `${tone}-tint`]),
  ...TONES.flatMap((tone) => GROUNDS.map((ground): [string, string] => [`${tone}-fg`, ground])),
];
const SHAPE_PAIRS: [string, string][] = [
  ...GROUNDS.map((ground): [string, string] => ['control', ground]),
  ...GROUNDS.map((ground): [string, string] => ['ring', ground]),
  ...TONES.map((tone): [string, string] => [`${tone}-solid`, 'surface']),
  ...TONES.map((tone): [string, string] => [`${tone}-fg`, `${tone}-tint`]),
  // The cross on a failed segment.
  ['surface', 'bad-solid'],
];

describe.each(Object.entries(THEMES))('the %s theme', (_, theme) => {
  it.each(TEXT_PAIRS)('lets %s be read on %s (4.5 : 1)', (one, other) => {
    expect(contrast(theme, one, other)).toBeGreaterThanOrEqual(4.5);
  });
  it.each(SHAPE_PAIRS)('lets the shape of %s be seen on %s (3 : 1)', (one, other) => {
    expect(contrast(theme, one, other)).toBeGreaterThanOrEqual(3);
  });
});

describe('the themes', () => {
  it('know the same tokens', () => {
    expect([...THEMES.dark.keys()]).toEqual([...THEMES.light.keys()]);
  });
  it('are dark in one way, chosen or left to the system', () => {
    expect([...tokensOf("\n  [data-theme='system'] {")]).toEqual([...THEMES.dark]);
  });
  it('give every token to Tailwind', () => {
    const given = [...THEMES.light.keys()].filter((name) => !['float'].includes(name));
    expect(given.filter((name) => !css.includes(`--color-${name}: var(--${name});`))).toEqual([]);
  });
});
