/** Makes or changes a policy, an autoscaler or a schedule: fields at the left, the YAML they write at the right; either may be typed into. */
import { Button, Checkbox, Modal, Select, Textarea, TextInput } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { YamlPath } from '#core/yaml/read.ts'
import { type ApiError, api, asApiError } from '#kits/console-kit/api.ts'
import { ErrorState, LoadingState } from '#kits/console-kit/states.tsx'
import { StatusMark } from '#kits/console-kit/status-mark.tsx'
import { useApi } from '#kits/console-kit/use-api.ts'
import type { FormKind } from '../domain/api.ts'
import { dataOf, type Field, type FieldList, FORMS, typedValue, valueAt, withValue } from './form-fields.ts'
import styles from './scale.module.css'
import { useWords } from './words.ts'

export interface ManifestDialogProps {
  /** `/clusters/…/scale` */
  url: string
  kind: FormKind
  /** To change; left out: a new one. */
  object?: { namespace: string; name: string }
  onClose: () => void
  onSaved: () => void
}

export default function ManifestDialog(props: ManifestDialogProps) {
  const { url, kind, object, onClose } = props
  const t = useWords()
  const kit = useTranslation('kit').t
  const stored = useApi<{ yaml: string }>(object && `${url}/manifests/${kind}/${object.namespace}/${object.name}`)
  return (
    <Modal
      opened
      onClose={onClose}
      size="80rem"
      title={object ? t('form.change', { kind, name: `${object.namespace}/${object.name}` }) : t('form.new', { kind })}
      closeButtonProps={{ 'aria-label': kit('dialog.close') }}
    >
      {stored.error && !stored.data ? (
        <ErrorState error={stored.error} onRetry={stored.refetch} />
      ) : object && !stored.data ? (
        <LoadingState />
      ) : (
        <Editor {...props} first={stored.data?.yaml ?? FORMS[kind].made} />
      )}
    </Modal>
  )
}

const textOf = (path: YamlPath): string =>
  path.reduce<string>((text, step) => (typeof step === 'number' ? `${text}[${step}]` : text === '' ? step : `${text}.${step}`), '')

function Editor({ url, kind, object, first, onClose, onSaved }: ManifestDialogProps & { first: string }) {
  const t = useWords()
  const kit = useTranslation('kit').t
  // What is edited stays as it was read.
  const [yaml, setYaml] = useState(first)
  const [state, setState] = useState<{ busy?: 'check' | 'save'; error?: ApiError; checked?: string }>({})
  const data = dataOf(yaml)
  const form = FORMS[kind]
  const send = async (dryRun: boolean) => {
    setState({ busy: dryRun ? 'check' : 'save' })
    try {
      await api.send('POST', `${url}/manifests`, { yaml, create: object === undefined, dryRun })
      setState({ checked: yaml })
      if (!dryRun) onSaved()
    } catch (error) {
      setState({ error: asApiError(error) })
    }
  }
  const problem = (path: YamlPath) => state.error?.problems.find((one) => one.path === textOf(path) || one.path === `${textOf(path)}.`)?.message
  const set = (path: YamlPath, value: unknown) => setYaml((text) => withValue(text, path, value))
  const shown = (field: Field, under: YamlPath = []) => {
    const path = [...under, ...field.path]
    return (
      <Input
        key={textOf(path)}
        field={field}
        value={valueAt(data, path)}
        error={problem(path)}
        disabled={data === undefined || (object !== undefined && path[0] === 'metadata')}
        onValue={(value) => set(path, value)}
      />
    )
  }
  return (
    <form
      className={styles.stack}
      onSubmit={(event) => {
        event.preventDefault()
        void send(false)
      }}
    >
      <div className={styles.beside}>
        <div className={styles.fields}>
          <div className={styles.grid}>{form.fields.map((field) => shown(field))}</div>
          {form.lists.map((list) => (
            <Items key={list.label} list={list} data={data} shown={shown} set={set} />
          ))}
        </div>
        <Textarea
          label="YAML"
          aria-label="YAML"
          value={yaml}
          onChange={(event) => setYaml(event.currentTarget.value)}
          error={data === undefined ? t('form.noYaml') : undefined}
          autosize
          minRows={24}
          maxRows={34}
          spellCheck={false}
          classNames={{ input: styles.code }}
        />
      </div>
      {state.error && <ErrorState error={state.error} compact />}
      <div className={styles.row}>
        {state.checked === yaml && <StatusMark status="ok" text={t('form.valid')} />}
        <span className={styles.grow} />
        <Button variant="default" onClick={onClose}>
          {kit('dialog.cancel')}
        </Button>
        <Button variant="default" loading={state.busy === 'check'} disabled={data === undefined} onClick={() => void send(true)}>
          {t('form.check')}
        </Button>
        <Button type="submit" loading={state.busy === 'save'} disabled={data === undefined}>
          {t(object ? 'form.save' : 'form.create')}
        </Button>
      </div>
    </form>
  )
}

function Items({
  list,
  data,
  shown,
  set,
}: {
  list: FieldList
  data: unknown
  shown: (field: Field, under: YamlPath) => React.ReactNode
  set: (path: YamlPath, value: unknown) => void
}) {
  const t = useWords()
  const held = valueAt(data, list.path)
  const items: unknown[] = Array.isArray(held) ? held : []
  return (
    <fieldset className={styles.list}>
      <legend>{t(`form.${list.label}`)}</legend>
      {items.map((item, i) => {
        const kind = list.items.find((one) => one.is(item))
        const under = [...list.path, i]
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: an item of a YAML list is its place
          <div key={i} className={styles.item}>
            {kind === undefined ? <p>{t('form.inYaml')}</p> : <div className={styles.grid}>{kind.fields.map((field) => shown(field, under))}</div>}
            <Button
              size="compact-sm"
              variant="subtle"
              color="gray"
              aria-label={`${t('form.remove')} ${i + 1}`}
              onClick={() => set(items.length === 1 ? list.path : under, undefined)}
            >
              {t('form.remove')}
            </Button>
          </div>
        )
      })}
      <div className={styles.row}>
        {list.items.map(({ label, made }) => (
          <Button
            key={label}
            size="compact-sm"
            variant="default"
            disabled={data === undefined}
            onClick={() => set(items.length === 0 ? list.path : [...list.path, items.length], items.length === 0 ? [made] : made)}
          >
            {t(`form.add.${label}`)}
          </Button>
        ))}
      </div>
    </fieldset>
  )
}

function Input({
  field,
  value,
  error,
  disabled,
  onValue,
}: {
  field: Field
  value: unknown
  error: string | undefined
  disabled: boolean
  onValue: (value: unknown) => void
}) {
  const t = useWords()
  const { label, type, options, placeholder } = field
  const title = t(`form.${label}`)
  const written = Array.isArray(value) ? value.join(', ') : value === undefined || value === null ? '' : String(value)
  // What is being typed stays as typed until the YAML says something else.
  const [typed, setTyped] = useState(written)
  const own = useRef(written)
  useEffect(() => {
    if (written !== own.current) {
      own.current = written
      setTyped(written)
    }
  }, [written])
  if (type === 'check')
    return (
      <Checkbox
        className={styles.check}
        label={title}
        checked={value === true}
        disabled={disabled}
        onChange={(event) => onValue(event.currentTarget.checked || undefined)}
      />
    )
  if (type === 'choice')
    return (
      <Select
        label={title}
        data={[...(options ?? []), ...(written !== '' && !options?.includes(written) ? [written] : [])]}
        value={written === '' ? null : written}
        onChange={(next) => onValue(next ?? undefined)}
        error={error}
        disabled={disabled}
        allowDeselect={false}
      />
    )
  return (
    <TextInput
      label={title}
      value={typed}
      placeholder={placeholder}
      inputMode={type === 'number' ? 'decimal' : undefined}
      error={error}
      disabled={disabled}
      onChange={(event) => {
        const next = event.currentTarget.value
        setTyped(next)
        const made = typedValue(field, next)
        own.current = Array.isArray(made) ? made.join(', ') : made === undefined ? '' : String(made)
        onValue(made)
      }}
    />
  )
}
