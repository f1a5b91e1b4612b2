/** Six tones and what they mean. Colour is the third cue: an icon's shape and a word always stand beside it. */
export const TONES = ['idle', 'active', 'ok', 'warn', 'bad', 'back'] as const;
export type Tone = (typeof TONES)[number];

/** Whole class names, because Tailwind finds only those that stand in the source. */
export const TONE_CLASS: Record<Tone, { badge: string; fg: string; tint: string; solid: string; border: string }> = {
  idle: {
    badge: 'bg-idle-tint text-idle-fg',
    fg: 'text-idle-fg',
    tint: 'bg-idle-tint',
    solid: 'bg-idle-solid',
    border: 'border-idle-solid',
  },
  active: {
    badge: 'bg-active-tint text-active-fg',
    fg: 'text-active-fg',
    tint: 'bg-active-tint',
    solid: 'bg-active-solid',
    border: 'border-active-solid',
  },
  ok: {
    badge: 'bg-ok-tint text-ok-fg',
    fg: 'text-ok-fg',
    tint: 'bg-ok-tint',
    solid: 'bg-ok-solid',
    border: 'border-ok-solid',
  },
  warn: {
    badge: 'bg-warn-tint text-warn-fg',
    fg: 'text-warn-fg',
    tint: 'bg-warn-tint',
    solid: 'bg-warn-solid',
    border: 'border-warn-solid',
  },
  bad: {
    badge: 'bg-bad-tint text-bad-fg',
    fg: 'text-bad-fg',
    tint: 'bg-bad-tint',
    solid: 'bg-bad-solid',
    border: 'border-bad-solid',
  },
  back: {
    badge: 'bg-back-tint text-back-fg',
    fg: 'text-back-fg',
    tint: 'bg-back-tint',
    solid: 'bg-back-solid',
    border: 'border-back-solid',
  },
};

const NEED: Record<Tone, number> = { bad: 5, warn: 4, back: 3, active: 2, ok: 1, idle: 0 };

/** The tone that needs a person most; title and favicon show it. */
export const worstTone = (tones: Iterable<Tone>): Tone => {
  let worst: Tone = 'idle';
  for (const tone of tones) if (NEED[tone] > NEED[worst]) worst = tone;
  return worst;
};
