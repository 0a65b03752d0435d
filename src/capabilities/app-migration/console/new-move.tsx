/** A new move: from where, to where, what, under which names; first the plan, then the move. */
import { Button, Checkbox, Select, Textarea, TextInput } from '@mantine/core'
import { useState } from 'react'
import { api } from '#kits/console-kit/api.ts'
import { FieldPair, useSubmit } from '#kits/console-kit/form-dialog.tsx'
import { Panel } from '#kits/console-kit/panel.tsx'
import { ErrorState } from '#kits/console-kit/states.tsx'
import { StatusMark } from '#kits/console-kit/status-mark.tsx'
import { useApi } from '#kits/console-kit/use-api.ts'
import type { AppMove, PlanView } from '../domain/moves.ts'
import styles from './moves.module.css'
import { Plan } from './plan-view.tsx'
import { useWords } from './words.ts'

const MAPPING_HINT = `namespaces: { shop: store }
registries: { docker.io/library: registry.example.com/hub }
`
const words = (text: string): string[] =>
  text
    .split(/[\s,]+/)
    .map((word) => word.trim())
    .filter((word) => word !== '')

export function NewMove({ onStarted }: { onStarted: (move: AppMove) => void }) {
  const t = useWords()
  const clusters = useApi<{ clusters: { id: string }[] }>('/clusters')
  const [from, setFrom] = useState<string | null>(null)
  const [to, setTo] = useState<string | null>(null)
  const [namespaces, setNamespaces] = useState('')
  const [apps, setApps] = useState('')
  const [selector, setSelector] = useState('')
  const [mapping, setMapping] = useState('')
  const [existing, setExisting] = useState<string>('fail')
  const [images, setImages] = useState(false)
  const [volumes, setVolumes] = useState<string>('none')
  const [moverImage, setMoverImage] = useState('')
  const [plan, setPlan] = useState<PlanView>()
  const request = () => ({
    from: from ?? '',
    to: to ?? '',
    ...(words(namespaces).length === 0 ? {} : { namespaces: words(namespaces) }),
    ...(words(apps).length === 0 ? {} : { apps: words(apps) }),
    ...(selector === '' ? {} : { selector }),
    ...(mapping.trim() === '' ? {} : { mappingText: mapping }),
    existing,
    checkImages: images,
    ...(volumes === 'none' ? {} : { volumes: { method: volumes, ...(volumes === 'mover' && moverImage !== '' ? { image: moverImage } : {}) } }),
  })
  const look = useSubmit(() => api.send<PlanView>('POST', '/app-moves/plan', request()), setPlan)
  const start = useSubmit(() => api.send<AppMove>('POST', '/app-moves', request()), onStarted)
  // What was planned is what is started.
  const changed =
    <T,>(set: (value: T) => void) =>
    (value: T) => {
      set(value)
      setPlan(undefined)
    }
  const ids = (clusters.data?.clusters ?? []).map(({ id }) => id)
  const ready = from !== null && to !== null && (words(namespaces).length > 0 || words(apps).length > 0 || selector !== '')
  return (
    <div className={styles.stack}>
      <Panel>
        <form
          className={styles.form}
          onSubmit={(event) => {
            event.preventDefault()
            look.submit()
          }}
        >
          {clusters.error && <ErrorState error={clusters.error} onRetry={clusters.refetch} compact />}
          <FieldPair>
            <Select label={t('new.from')} data={ids} value={from} onChange={changed(setFrom)} nothingFoundMessage={t('new.noCluster')} />
            <Select label={t('new.to')} data={ids} value={to} onChange={changed(setTo)} nothingFoundMessage={t('new.noCluster')} />
          </FieldPair>
          <FieldPair>
            <TextInput
              label={t('new.namespaces')}
              description={t('new.namespacesHint')}
              placeholder="shop, shop-db"
              value={namespaces}
              onChange={(event) => changed(setNamespaces)(event.currentTarget.value)}
              error={look.problem('namespaces')}
            />
            <TextInput
              label={t('new.apps')}
              description={t('new.appsHint')}
              placeholder="Deployment/cart"
              value={apps}
              onChange={(event) => changed(setApps)(event.currentTarget.value)}
              error={look.problem('apps')}
            />
          </FieldPair>
          <FieldPair>
            <TextInput
              label={t('new.selector')}
              placeholder="app=cart"
              value={selector}
              onChange={(event) => changed(setSelector)(event.currentTarget.value)}
              error={look.problem('selector')}
            />
            <Select
              label={t('new.existing')}
              data={(['fail', 'skip', 'update'] as const).map((value) => ({ value, label: t(`new.policies.${value}`) }))}
              value={existing}
              allowDeselect={false}
              onChange={(value) => changed(setExisting)(value ?? 'fail')}
            />
          </FieldPair>
          <Textarea
            label={t('new.mapping')}
            description={t('new.mappingHint')}
            placeholder={MAPPING_HINT}
            value={mapping}
            onChange={(event) => changed(setMapping)(event.currentTarget.value)}
            error={
              look.error?.problems.map(({ path, message }) => (path.startsWith('mappingText') ? `${path.slice(12)} ${message}` : '')).join(' ') || undefined
            }
            minRows={3}
            maxRows={16}
            autosize
            spellCheck={false}
            classNames={{ input: styles.code }}
          />
          <FieldPair>
            <Select
              label={t('new.volumes')}
              data={(['none', 'mover', 'snapshot'] as const).map((value) => ({ value, label: t(`new.ways.${value}`) }))}
              value={volumes}
              allowDeselect={false}
              onChange={(value) => changed(setVolumes)(value ?? 'none')}
              error={look.problem('volumes')}
            />
            <TextInput
              label={t('new.moverImage')}
              description={t('new.moverImageHint')}
              disabled={volumes !== 'mover'}
              value={moverImage}
              onChange={(event) => changed(setMoverImage)(event.currentTarget.value)}
              error={look.problem('volumes.image')}
            />
          </FieldPair>
          <Checkbox label={t('new.images')} checked={images} onChange={(event) => changed(setImages)(event.currentTarget.checked)} />
          <div className={styles.row}>
            <Button type="submit" size="xs" variant={plan ? 'default' : 'filled'} loading={look.busy} disabled={!ready}>
              {t('new.plan')}
            </Button>
            <Button size="xs" loading={start.busy} disabled={!plan || plan.blocking > 0} onClick={start.submit}>
              {t('new.start')}
            </Button>
            {plan && (
              <StatusMark
                status={plan.blocking > 0 ? 'error' : plan.unseen.length > 0 ? 'unknown' : 'ok'}
                text={
                  plan.blocking > 0
                    ? t('new.blocked', { count: plan.blocking })
                    : plan.unseen.length > 0
                      ? t('new.unseen', { kinds: plan.unseen.map(({ kind }) => kind).join(', ') })
                      : t('new.clear')
                }
              />
            )}
          </div>
        </form>
      </Panel>
      {(look.error ?? start.error) && <ErrorState error={(look.error ?? start.error)!} compact />}
      {plan && <Plan plan={plan} />}
    </div>
  )
}
