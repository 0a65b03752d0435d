/** What the editor and the difference share. In a shadow root, because the editor writes style sheets and the CSP lets no page do that; a shadow root adopts them. */

import { yaml } from '@codemirror/lang-yaml'
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import type { Extension } from '@codemirror/state'
import { EditorView, lineNumbers } from '@codemirror/view'
import { tags } from '@lezer/highlight'

const colors = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--sp-hue-1)' },
  { tag: [tags.string, tags.content], color: 'var(--sp-text)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--sp-hue-2)' },
  { tag: tags.comment, color: 'var(--sp-text-dim)', fontStyle: 'italic' },
  { tag: [tags.keyword, tags.typeName, tags.labelName], color: 'var(--sp-hue-7)' },
])

const look = EditorView.theme({
  '&': {
    backgroundColor: 'var(--sp-surface)',
    color: 'var(--sp-text)',
    fontSize: '13px',
    border: '1px solid var(--sp-line)',
    borderRadius: 'var(--sp-radius)',
    maxHeight: '65vh',
  },
  '&.cm-focused': { outline: '2px solid var(--sp-accent)' },
  '.cm-scroller': { fontFamily: 'var(--sp-mono)', overflow: 'auto' },
  '.cm-content': { caretColor: 'var(--sp-text)' },
  '.cm-cursor': { borderLeftColor: 'var(--sp-text)' },
  '.cm-gutters': { backgroundColor: 'var(--sp-ground)', color: 'var(--sp-text-dim)', border: 'none' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--sp-hover)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'var(--sp-bar)' },
  '.cm-changedLine': { backgroundColor: 'color-mix(in srgb, var(--sp-ok) 14%, transparent)' },
  '.cm-deletedChunk': { backgroundColor: 'color-mix(in srgb, var(--sp-error) 14%, transparent)' },
  '.cm-changedText': { background: 'color-mix(in srgb, var(--sp-ok) 30%, transparent)' },
  '.cm-deletedText': { background: 'color-mix(in srgb, var(--sp-error) 30%, transparent)' },
  '.cm-collapsedLines': { backgroundColor: 'var(--sp-ground)', color: 'var(--sp-text-dim)', backgroundImage: 'none' },
})

export const yamlLook = (label: string): Extension => [
  lineNumbers(),
  yaml(),
  syntaxHighlighting(colors),
  look,
  // What scrolls must be reached by keyboard.
  EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
  EditorView.lineWrapping,
]

/** A place for an editor in `host`: its shadow root, made once, and emptied. */
export function shadowOf(host: HTMLElement): { root: ShadowRoot; parent: HTMLElement } {
  const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' })
  const parent = document.createElement('div')
  root.replaceChildren(parent)
  return { root, parent }
}
