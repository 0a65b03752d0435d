/** Sections of the settings page that are the shell's own, in order; those of capabilities come before them. */
export const SETTINGS_SECTIONS = ['sources', 'storage', 'notifications', 'tokens', 'about'] as const
