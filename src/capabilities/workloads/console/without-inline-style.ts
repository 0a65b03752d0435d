/**
 * A document whose `<style>` elements and `style` attributes pass a CSP without 'unsafe-inline': what is written into a style element becomes an adopted style
 * sheet, and a style attribute is set through the CSSOM. xterm.js writes both for its colors and sizes.
 */
export function withoutInlineStyle(real: Document): { document: Document; dispose(): void } {
  const sheets: CSSStyleSheet[] = []
  const create = (name: string): HTMLElement => {
    if (name === 'style') {
      const element = real.createElement('span')
      element.hidden = true
      const sheet = new CSSStyleSheet()
      sheets.push(sheet)
      real.adoptedStyleSheets = [...real.adoptedStyleSheets, sheet]
      Object.defineProperty(element, 'textContent', { set: (text: string) => sheet.replaceSync(text), get: () => '' })
      return element
    }
    const element = real.createElement(name)
    const set = element.setAttribute.bind(element)
    element.setAttribute = (attribute: string, value: string) => {
      if (attribute === 'style') element.style.cssText = value
      else set(attribute, value)
    }
    return element
  }
  const document = new Proxy(real, {
    get(target, name) {
      if (name === 'createElement') return create
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return {
    document,
    dispose() {
      real.adoptedStyleSheets = real.adoptedStyleSheets.filter((sheet) => !sheets.includes(sheet))
    },
  }
}
