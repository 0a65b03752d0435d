/** What an object was and will be, with what stays the same folded away. */
import { unifiedMergeView } from '@codemirror/merge'
import { EditorState } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import { useEffect, useRef } from 'react'
import { shadowOf, yamlLook } from './code-mirror.ts'
import { useWords } from './words.ts'

export default function YamlDiff({ before, after }: { before: string; after: string }) {
  const t = useWords()
  const host = useRef<HTMLDivElement>(null)
  const label = t('act.difference')
  useEffect(() => {
    if (!host.current) return
    const { root, parent } = shadowOf(host.current)
    const view = new EditorView({
      root,
      parent,
      doc: after,
      extensions: [
        yamlLook(label),
        EditorState.readOnly.of(true),
        unifiedMergeView({ original: before, mergeControls: false, collapseUnchanged: { margin: 3, minSize: 6 }, gutter: true }),
      ],
    })
    return () => view.destroy()
  }, [before, after, label])
  return <div ref={host} />
}
