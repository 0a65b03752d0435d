/** A new move: rules as a file, or what a cluster uses; first what it would do, then do it. */
import { Button, Checkbox, FileButton, SegmentedControl, Select, Textarea, TextInput } from '@mantine/core'
import { IconUpload } from '@tabler/icons-react'
import { useState } from 'react'
import { formatBytes } from '#core/kernel/quantity.ts'
import { api } from '#kits/console-kit/api.ts'
import { FieldPair, FormDialog, useSubmit } from '#kits/console-kit/form-dialog.tsx'
import { PlainTable } from '#kits/console-kit/plain-table.tsx'
import { ErrorState } from '#kits/console-kit/states.tsx'
import { StatusMark } from '#kits/console-kit/status-mark.tsx'
import { useApi } from '#kits/console-kit/use-api.ts'
import type { MovePrediction, MovePreview, MoveSummary } from '../domain/moves.ts'
import styles from './new-move.module.css'
import { useWords } from './words.ts'

const EXAMPLE = `copy:
  - from: docker.io/library/nginx
    to: registry.example.com/mirror/nginx
    tags: { semver: ">=1.25", newest: 3 }
`
const SHOWN = 8

export function NewMove({ onClose, onStarted }: { onClose: () => void; onStarted: (move: MoveSummary) => void }) {
  const t = useWords()
  const clusters = useApi<{ clusters: { id: string }[] }>('/clusters')
  const [from, setFrom] = useState<'rules' | 'cluster'>('rules')
  const [spec, setSpec] = useState(EXAMPLE)
  const [auth, setAuth] = useState('')
  const [cluster, setCluster] = useState<string | null>(null)
  const [to, setTo] = useState('')
  const [scoped, setScoped] = useState(false)
  const [keep, setKeep] = useState(false)
  const [title, setTitle] = useState('')
  const [preview, setPreview] = useState<MovePreview>()
  const request = () => ({
    ...(from === 'rules' ? { spec } : { fromCluster: cluster ?? '' }),
    ...(from === 'rules' && auth !== '' ? { auth } : {}),
    ...(to === '' ? {} : { to }),
    ...(title === '' ? {} : { title }),
    scoped,
    existing: keep ? 'keep' : 'overwrite',
  })
  const look = useSubmit(() => api.send<MovePreview>('POST', '/image-moves/preview', request()), setPreview)
  const predict = useSubmit(() => api.send<MovePreview>('POST', '/image-moves/preview?predict=true', request()), setPreview)
  const start = useSubmit(() => api.send<MoveSummary>('POST', '/image-moves', request()), onStarted)
  const changed =
    <T,>(set: (value: T) => void) =>
    (value: T) => {
      set(value)
      setPreview(undefined)
    }
  return (
    <FormDialog
      title={t('new.title')}
      form={start}
      onClose={onClose}
      action={t('new.start')}
      size="xl"
      disabled={(from === 'cluster' && (!cluster || to === '')) || (preview?.conflicts.length ?? 0) > 0}
    >
      <SegmentedControl
        size="xs"
        aria-label={t('new.from')}
        value={from}
        onChange={changed((value: string) => setFrom(value as 'rules'))}
        data={[
          { value: 'rules', label: t('new.rules') },
          { value: 'cluster', label: t('new.cluster') },
        ]}
      />
      {from === 'rules' ? (
        <>
          <Textarea
            label={t('new.spec')}
            description={t('new.specHint')}
            value={spec}
            onChange={(event) => changed(setSpec)(event.currentTarget.value)}
            error={start.problem('spec') ?? look.problem('spec') ?? predict.problem('spec')}
            minRows={8}
            maxRows={16}
            autosize
            spellCheck={false}
            classNames={{ input: styles.code }}
            data-autofocus
          />
          <div className={styles.row}>
            <FileButton onChange={(file) => void file?.text().then(changed(setSpec))} accept=".yaml,.yml,.json">
              {(props) => (
                <Button {...props} size="xs" variant="default" leftSection={<IconUpload size={14} aria-hidden />}>
                  {t('new.file')}
                </Button>
              )}
            </FileButton>
            <FileButton onChange={(file) => void file?.text().then(changed(setAuth))} accept=".yaml,.yml,.json">
              {(props) => (
                <Button {...props} size="xs" variant="default" leftSection={<IconUpload size={14} aria-hidden />}>
                  {auth === '' ? t('new.auth') : t('new.authThere')}
                </Button>
              )}
            </FileButton>
          </div>
        </>
      ) : (
        <Select label={t('new.whichCluster')} data={(clusters.data?.clusters ?? []).map(({ id }) => id)} value={cluster} onChange={changed(setCluster)} />
      )}
      <FieldPair>
        <TextInput
          label={t('new.to')}
          description={t('new.toHint')}
          placeholder="registry.example.com/mirror"
          value={to}
          onChange={(event) => changed(setTo)(event.currentTarget.value)}
          error={start.problem('to') ?? look.problem('to') ?? predict.problem('to')}
        />
        <TextInput label={t('new.name')} description={t('new.nameHint')} value={title} onChange={(event) => setTitle(event.currentTarget.value)} />
      </FieldPair>
      <Checkbox label={t('new.scoped')} checked={scoped} onChange={(event) => changed(setScoped)(event.currentTarget.checked)} />
      <Checkbox label={t('new.keep')} checked={keep} onChange={(event) => setKeep(event.currentTarget.checked)} />
      <div className={styles.row}>
        <Button size="xs" variant="default" loading={look.busy} onClick={look.submit}>
          {t('new.preview')}
        </Button>
        <Button size="xs" variant="default" loading={predict.busy} onClick={predict.submit} title={t('new.predictHint')}>
          {t('new.predict')}
        </Button>
      </div>
      {(look.error ?? predict.error) && <ErrorState error={(look.error ?? predict.error)!} compact />}
      {preview && <Preview preview={preview} />}
    </FormDialog>
  )
}

function Preview({ preview }: { preview: MovePreview }) {
  const t = useWords()
  const { pairs, sample, conflicts, failed, notes, changesDigests, prediction } = preview
  return (
    <section className={styles.preview} aria-label={t('new.preview')}>
      <p>
        <StatusMark status={conflicts.length > 0 ? 'error' : failed.length > 0 || pairs === 0 ? 'warning' : 'ok'} text={t('new.wouldCopy', { count: pairs })} />
      </p>
      {prediction && <Predicted prediction={prediction} />}
      {changesDigests > 0 && <p>{t('new.changesDigests', { count: changesDigests })}</p>}
      {conflicts.length > 0 && (
        <ul>
          {conflicts.map(({ path, message, line }) => (
            <li key={`${path}${message}`}>
              <code>
                {path}
                {line === undefined ? '' : `:${line}`}
              </code>{' '}
              {message}
            </li>
          ))}
        </ul>
      )}
      {failed.length > 0 && (
        <ul>
          {failed.map(({ source, failure }) => (
            <li key={source}>
              <code>{source}</code> {failure?.message}
            </li>
          ))}
        </ul>
      )}
      {sample.length > 0 && (
        <PlainTable head={[t('source'), t('target')]}>
          {sample.slice(0, SHOWN).map(({ source, target }) => (
            <tr key={target}>
              <td>{source}</td>
              <td>{target}</td>
            </tr>
          ))}
        </PlainTable>
      )}
      {pairs > SHOWN && <p>{t('new.more', { count: pairs - SHOWN })}</p>}
      {notes.length > 0 && (
        <ul>
          {notes.slice(0, 20).map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
    </section>
  )
}

/** Bytes, requests and what of a quota it takes. */
function Predicted({ prediction }: { prediction: MovePrediction }) {
  const t = useWords()
  const { bytesSent, bytesSpared, images, unchanged, failed, places } = prediction
  return (
    <>
      <p>{t('new.wouldSend', { bytes: formatBytes(bytesSent), spared: formatBytes(bytesSpared), images, unchanged })}</p>
      {failed > 0 && <StatusMark status="warning" text={t('new.planFailed', { count: failed })} />}
      <PlainTable head={[t('new.registry'), t('new.requests'), t('new.pulls'), t('new.quota')]}>
        {places.map(({ place, requests, pulls, remaining, limit }) => (
          <tr key={place}>
            <td>{place}</td>
            <td>{requests}</td>
            <td>{pulls}</td>
            <td>{remaining === undefined ? t('new.quotaUnknown') : `${remaining}${limit === undefined ? '' : ` / ${limit}`}`}</td>
          </tr>
        ))}
      </PlainTable>
    </>
  )
}
