/** The theme is a cookie, so the first byte of a page already carries it and nothing flashes. */
export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];
export const THEME_COOKIE = 'landfall_theme';
const YEAR_S = 365 * 24 * 3_600;

export const parseTheme = (value: string | undefined): Theme => THEMES.find((theme) => theme === value) ?? 'system';

/** Applies a theme at once and keeps it for the next page. Browser only. */
export function applyTheme(theme: Theme): void {
  document.documentElement.dataset.theme = theme;
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is missing on plain http, where demos run.
  document.cookie = `${THEME_COOKIE}=${theme}; path=/; max-age=${YEAR_S}; samesite=lax`;
}
