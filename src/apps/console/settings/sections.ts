/** Sections of the settings page that are the shell's own, in order; capabilities add theirs after the first. */
export const SETTINGS_SECTIONS = ['storage', 'notifications', 'tokens', 'about'] as const
