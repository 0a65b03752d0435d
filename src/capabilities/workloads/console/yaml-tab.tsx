/** The object as YAML; who may, edits it, and sees what the server would make of it before it is stored. */
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands'
import { EditorState } from '@codemirror/state'
import { EditorView, keymap } from '@codemirror/view'
import { Button, CopyButton } from '@mantine/core'
import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import { Panel } from '#kits/console-kit/panel.tsx'
import { StatusMark } from '#kits/console-kit/status-mark.tsx'
import type { ObjectAnswer } from '../domain/api.ts'
import { shadowOf, yamlLook } from './code-mirror.ts'
import { useWords } from './words.ts'
import styles from './yaml-tab.module.css'

const ActDialog = lazy(() => import('./act-dialog.tsx'))

export default function YamlTab({ answer, url, onDone }: { answer: ObjectAnswer; url: string; onDone: () => void }) {
  const t = useWords()
  const edit = answer.rights.edit
  // What is edited stays as it was read; what the cluster says meanwhile is only said.
  const [editing, setEditing] = useState<ObjectAnswer | undefined>()
  const [typed, setTyped] = useState('')
  const [asking, setAsking] = useState(false)
  const old = editing !== undefined && editing.object.metadata.resourceVersion !== answer.object.metadata.resourceVersion
  const secret = answer.object.kind === 'Secret' && answer.object.apiVersion === 'v1'
  return (
    <Panel
      title={t('tab.yaml')}
      note={editing ? old && <StatusMark status="warning" text={t('yaml.changed')} /> : secret ? t('yaml.secret') : undefined}
      actions={
        <>
          <CopyButton value={editing ? typed : answer.yaml}>
            {({ copied, copy }) => (
              <Button size="xs" variant="default" onClick={copy}>
                {t(copied ? 'yaml.copied' : 'yaml.copy')}
              </Button>
            )}
          </CopyButton>
          {editing ? (
            <>
              <Button size="xs" variant="default" onClick={() => setEditing(undefined)}>
                {t('yaml.discard')}
              </Button>
              <Button size="xs" disabled={typed === editing.yaml} onClick={() => setAsking(true)}>
                {t('act.preview')}
              </Button>
            </>
          ) : (
            edit && (
              <Button
                size="xs"
                variant="default"
                data-disabled={!edit.allowed || undefined}
                aria-disabled={!edit.allowed}
                title={edit.reason}
                onClick={() => {
                  if (!edit.allowed) return
                  setTyped(answer.yaml)
                  setEditing(answer)
                }}
              >
                {t('act.edit')}
                {!edit.allowed && <span className={styles.needs}>{t('object.needs', { needs: edit.needs })}</span>}
              </Button>
            )
          )}
        </>
      }
    >
      <Editor label={t('tab.yaml')} text={editing?.yaml ?? answer.yaml} editable={editing !== undefined} onText={setTyped} />
      {asking && editing && (
        <Suspense>
          <ActDialog
            act="edit"
            answer={editing}
            url={url}
            yaml={typed}
            onClose={() => setAsking(false)}
            onDone={() => {
              setAsking(false)
              setEditing(undefined)
              onDone()
            }}
          />
        </Suspense>
      )}
    </Panel>
  )
}

function Editor({ label, text, editable, onText }: { label: string; text: string; editable: boolean; onText: (text: string) => void }) {
  const host = useRef<HTMLDivElement>(null)
  const tell = useRef(onText)
  tell.current = onText
  useEffect(() => {
    if (!host.current) return
    const { root, parent } = shadowOf(host.current)
    const view = new EditorView({
      root,
      parent,
      doc: text,
      extensions: [
        yamlLook(label),
        EditorState.readOnly.of(!editable),
        history(),
        // Tab leaves the editor with Escape before it.
        keymap.of([...defaultKeymap, ...historyKeymap, indentWithTab]),
        EditorView.updateListener.of((update) => update.docChanged && tell.current(update.state.doc.toString())),
      ],
    })
    if (editable) view.focus()
    return () => view.destroy()
  }, [text, editable, label])
  return <div ref={host} />
}
