/**
 * A document whose `<style>` elements and `style` attributes pass a CSP without 'unsafe-inline': what is written into a style element becomes an adopted style
 * sheet, and a style attribute is set through the CSSOM. xterm.js writes both for its colors and sizes.
 * `during` is for what asks the page's own document while it runs.
 */
export function withoutInlineStyle(real: Document): { document: Document; during(act: () => void): void; dispose(): void } {
  const sheets: CSSStyleSheet[] = []
  const make = real.createElement.bind(real)
  const create = ((name: string): HTMLElement => {
    if (name === 'style') {
      const element = make('span')
      element.hidden = true
      const sheet = new CSSStyleSheet()
      sheets.push(sheet)
      real.adoptedStyleSheets = [...real.adoptedStyleSheets, sheet]
      Object.defineProperty(element, 'textContent', { set: (text: string) => sheet.replaceSync(text), get: () => '' })
      return element
    }
    const element = make(name)
    const set = element.setAttribute.bind(element)
    element.setAttribute = (attribute: string, value: string) => {
      if (attribute === 'style') element.style.cssText = value
      else set(attribute, value)
    }
    return element
  }) as Document['createElement']
  const document = new Proxy(real, {
    get(target, name) {
      if (name === 'createElement') return create
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return {
    document,
    during(act) {
      real.createElement = create
      try {
        act()
      } finally {
        // The prototype's comes to light again.
        Reflect.deleteProperty(real, 'createElement')
      }
    },
    dispose() {
      real.adoptedStyleSheets = real.adoptedStyleSheets.filter((sheet) => !sheets.includes(sheet))
    },
  }
}
