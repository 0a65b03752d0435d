/** An act on an object: asked as a dry run first, shown as a plan with its difference, then done. */
import { NumberInput, TextInput } from '@mantine/core'
import { lazy, Suspense, useEffect, useState } from 'react'
import { api } from '#kits/console-kit/api.ts'
import { FormDialog, useSubmit } from '#kits/console-kit/form-dialog.tsx'
import { LoadingState } from '#kits/console-kit/states.tsx'
import type { Act } from '../domain/acts.ts'
import type { ActAnswer, ObjectAnswer } from '../domain/api.ts'
import { count, specOf } from '../domain/fields.ts'
import styles from './act-dialog.module.css'
import { useWords } from './words.ts'

const YamlDiff = lazy(() => import('./yaml-diff.tsx'))

interface ActDialogProps {
  act: Act
  answer: ObjectAnswer
  url: string
  /** Of an edit. */
  yaml?: string
  onClose: () => void
  onDone: () => void
}

const MOST_REPLICAS = 100_000

export default function ActDialog({ act, answer: { object }, url, yaml, onClose, onDone }: ActDialogProps) {
  const t = useWords()
  const [replicas, setReplicas] = useState<number>(count(specOf(object).replicas) ?? 1)
  const [typed, setTyped] = useState('')
  const [preview, setPreview] = useState<ActAnswer | undefined>()
  const body = { ...(act === 'scale' ? { replicas } : {}), ...(act === 'edit' ? { yaml } : {}), ...(act === 'delete' ? { uid: object.metadata.uid } : {}) }
  const ask = useSubmit(() => api.send<ActAnswer>('POST', `${url}/${act}`, { ...body, dryRun: true }), setPreview)
  const go = useSubmit(() => api.send<ActAnswer>('POST', `${url}/${act}`, { ...body, dryRun: false }), onDone)
  // All but the number of replicas is known when the dialog opens.
  // biome-ignore lint/correctness/useExhaustiveDependencies: once.
  useEffect(() => {
    if (act !== 'scale') ask.submit()
  }, [])
  const idle = preview?.plan.steps.length === 0
  const { name } = object.metadata
  return (
    <FormDialog
      title={t(`act.title.${act}`, { name })}
      form={preview ? go : ask}
      onClose={onClose}
      size={act === 'edit' || preview ? 'xl' : 'md'}
      action={t(preview ? `act.${act}` : 'act.preview')}
      danger={act === 'delete' && preview !== undefined}
      disabled={idle || (preview !== undefined && act === 'delete' && typed !== name)}
    >
      {act === 'scale' && (
        <NumberInput
          label={t('act.replicas')}
          description={t('act.replicasNow', { count: count(specOf(object).replicas) ?? 1 })}
          value={replicas}
          min={0}
          max={MOST_REPLICAS}
          allowDecimal={false}
          data-autofocus
          onChange={(value) => {
            setPreview(undefined)
            if (typeof value === 'number') setReplicas(value)
          }}
        />
      )}
      {preview ? (
        <>
          <div>
            <h3 className={styles.title}>{t('act.will')}</h3>
            {idle ? (
              <p>{t('act.idle')}</p>
            ) : (
              <ul className={styles.steps}>
                {preview.plan.steps.map(({ what, reversible }) => (
                  <li key={what}>
                    {what} {!reversible && <span className={styles.dim}>{t('act.final')}</span>}
                  </li>
                ))}
              </ul>
            )}
            <p className={styles.dim}>{t('act.dryRun')}</p>
          </div>
          {preview.after !== '' && !idle && (
            <Suspense fallback={<LoadingState />}>
              <YamlDiff before={preview.before} after={preview.after} />
            </Suspense>
          )}
          {act === 'delete' && (
            <TextInput
              label={t('act.type', { name })}
              value={typed}
              onChange={(event) => setTyped(event.currentTarget.value)}
              data-autofocus
              autoComplete="off"
            />
          )}
        </>
      ) : (
        ask.busy && <LoadingState />
      )}
    </FormDialog>
  )
}
