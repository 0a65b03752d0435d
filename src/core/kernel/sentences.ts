/** Sentences that are kept in English and read in Chinese: the template that made a text is found again, and the other language's is filled. */

/** Puts `params` into the places `{name}`. */
export const fill = (template: string, params: Readonly<Record<string, string | number>>): string =>
  template.replace(/\{(\w+)\}/g, (_, name: string) => String(params[name] ?? ''))

/** Of pairs of templates. Texts within texts and several joined by "; " are told again too; what no template made stays as it is. */
export function translator(pairs: readonly (readonly [en: string, zh: string])[]): (text: string) => string {
  // What says more of its own text is asked first.
  const templates = pairs
    .toSorted(([a], [b]) => b.replace(/\{\w+\}/g, '').length - a.replace(/\{\w+\}/g, '').length)
    .map(([en, zh]) => ({
      pattern: new RegExp(`^${en.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{\w+\}/g, '(.*?)')}$`, 's'),
      names: [...en.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!),
      zh,
    }))
  const translate = (text: string): string => {
    if (text === '') return text
    for (const { pattern, names, zh } of templates) {
      const found = pattern.exec(text)
      if (found === null || (names.length > 0 && found[0] === found[1])) continue
      return fill(zh, Object.fromEntries(names.map((name, i) => [name, found[i + 1] === text ? text : translate(found[i + 1]!)])))
    }
    const parts = text.split('; ')
    return parts.length > 1 ? parts.map(translate).join('；') : text
  }
  return translate
}
