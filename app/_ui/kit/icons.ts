import {
  Archive,
  ArrowLeft,
  ArrowRight,
  ArrowRightLeft,
  Check,
  CircleAlert,
  CircleDashed,
  Clock,
  Contrast,
  Copy,
  type LucideIcon,
  Pause,
  SearchCheck,
  Snowflake,
  Split,
  TriangleAlert,
  Undo2,
  X,
} from 'lucide-react';
import type { Tone } from '../tone';

/** Names that `display` of the domain gives, and a few of the console's own. */
const ICONS: Record<string, LucideIcon> = {
  alert: TriangleAlert,
  archive: Archive,
  'arrow-left': ArrowLeft,
  'arrow-right': ArrowRight,
  'arrow-right-left': ArrowRightLeft,
  check: Check,
  'circle-alert': CircleAlert,
  'circle-dashed': CircleDashed,
  clock: Clock,
  contrast: Contrast,
  copy: Copy,
  cross: X,
  pause: Pause,
  'search-check': SearchCheck,
  snowflake: Snowflake,
  split: Split,
  undo: Undo2,
};

// Silhouettes differ between tones, so an unknown name still says its tone without colour.
const TONE_ICON: Record<Tone, LucideIcon> = {
  idle: CircleDashed,
  active: Contrast,
  ok: Check,
  warn: Pause,
  bad: X,
  back: Undo2,
};

/** The icon of that name, or the tone's own silhouette. */
export const iconOf = (icon: string | undefined, tone: Tone): LucideIcon =>
  (icon ? ICONS[icon] : undefined) ?? TONE_ICON[tone];
