/**
 * While it holds, `<style>` elements and `style` attributes of elements made by the document pass a CSP without 'unsafe-inline': what is written into a style
 * element becomes an adopted style sheet, and a style attribute is set through the CSSOM. xterm.js writes both for its colors and sizes. Returns how to end it.
 */
export function withoutInlineStyle(page: Document): () => void {
  const sheets: CSSStyleSheet[] = []
  const make = page.createElement.bind(page)
  const create = ((name: string, options?: ElementCreationOptions): HTMLElement => {
    if (name !== 'style') {
      const element = make(name, options)
      const set = element.setAttribute.bind(element)
      element.setAttribute = (attribute, value) => {
        if (attribute === 'style') element.style.cssText = value
        else set(attribute, value)
      }
      return element
    }
    const element = make('span')
    element.hidden = true
    const sheet = new CSSStyleSheet()
    sheets.push(sheet)
    page.adoptedStyleSheets = [...page.adoptedStyleSheets, sheet]
    Object.defineProperty(element, 'textContent', { set: (text: string) => sheet.replaceSync(text), get: () => '' })
    return element
  }) as Document['createElement']
  page.createElement = create
  return () => {
    // The prototype's comes to light again.
    if (page.createElement === create) Reflect.deleteProperty(page, 'createElement')
    page.adoptedStyleSheets = page.adoptedStyleSheets.filter((sheet) => !sheets.includes(sheet))
  }
}
