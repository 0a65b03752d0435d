/** Ingest tokens: who may send what for which cluster. A token is shown once. */
import { Button, CopyButton, Modal, MultiSelect, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { SIGNALS } from '#core/telemetry/table.ts'
import { api } from '#kits/console-kit/api.ts'
import { Confirm } from '#kits/console-kit/confirm.tsx'
import { FormDialog, useSubmit } from '#kits/console-kit/form-dialog.tsx'
import { Panel } from '#kits/console-kit/panel.tsx'
import { PlainTable, RowAct } from '#kits/console-kit/plain-table.tsx'
import { EmptyState, ErrorState, LoadingState } from '#kits/console-kit/states.tsx'
import { useApi } from '#kits/console-kit/use-api.ts'
import { useFormat } from '#kits/console-kit/use-format.ts'
import { useNow } from '#kits/console-kit/use-now.ts'
import type { TokensAnswer } from '../endpoints.ts'
import styles from './settings.module.css'

export default function Tokens() {
  const { t } = useTranslation('shell')
  const format = useFormat()
  const now = useNow(30_000)
  const { data, error, refetch } = useApi<TokensAnswer>('/ingest-tokens')
  const [making, setMaking] = useState(false)
  const [revoking, setRevoking] = useState<TokensAnswer['tokens'][number] | undefined>()
  return (
    <Panel
      title={t('tokens.title')}
      note={t('tokens.note')}
      actions={
        <Button size="xs" onClick={() => setMaking(true)}>
          {t('tokens.make')}
        </Button>
      }
    >
      {error && !data ? (
        <ErrorState error={error} onRetry={refetch} />
      ) : !data ? (
        <LoadingState />
      ) : data.tokens.length === 0 ? (
        <EmptyState title={t('tokens.none')}>{t('tokens.noneHint')}</EmptyState>
      ) : (
        <PlainTable head={(['name', 'cluster', 'signals', 'made', 'used', 'actions'] as const).map((column) => t(`tokens.${column}`))}>
          {data.tokens.map((token) => (
            <tr key={token.id}>
              <th scope="row">{token.name}</th>
              <td>{token.cluster}</td>
              <td>{token.signals.join(', ')}</td>
              <td>{format.time(token.createdAt, { seconds: false })}</td>
              <td>{token.lastUsedAt === undefined ? t('tokens.unused') : format.age(token.lastUsedAt, now)}</td>
              <td>
                <RowAct about={token.name} danger onClick={() => setRevoking(token)}>
                  {t('tokens.revoke')}
                </RowAct>
              </td>
            </tr>
          ))}
        </PlainTable>
      )}
      {making && <MakeToken onClose={() => setMaking(false)} onMade={refetch} />}
      {revoking && (
        <Confirm
          title={t('tokens.revokeTitle', { name: revoking.name })}
          text={t('tokens.revokeText')}
          word={revoking.name}
          button={t('tokens.revoke')}
          onClose={() => setRevoking(undefined)}
          act={async () => {
            await api.send('DELETE', `/ingest-tokens/${encodeURIComponent(revoking.id)}`)
            refetch()
          }}
        />
      )}
    </Panel>
  )
}

function MakeToken({ onClose, onMade }: { onClose: () => void; onMade: () => void }) {
  const { t } = useTranslation('shell')
  const [name, setName] = useState('')
  const [cluster, setCluster] = useState('local')
  const [signals, setSignals] = useState<string[]>(['access', 'logs'])
  const [made, setMade] = useState<string | undefined>()
  const form = useSubmit(
    () => api.send<{ token: string }>('POST', '/ingest-tokens', { name, cluster, signals }),
    ({ token }) => {
      setMade(token)
      onMade()
    },
  )
  if (made !== undefined) {
    return (
      <Modal opened onClose={onClose} title={t('tokens.make')} closeButtonProps={{ 'aria-label': t('close') }}>
        <div className={styles.form}>
          <p>{t('tokens.once')}</p>
          <code className={styles.secret}>{made}</code>
          <div className={styles.buttons}>
            <CopyButton value={made}>{({ copied, copy }) => <Button onClick={copy}>{t(copied ? 'copied' : 'copy')}</Button>}</CopyButton>
            <Button variant="default" onClick={onClose}>
              {t('close')}
            </Button>
          </div>
        </div>
      </Modal>
    )
  }
  return (
    <FormDialog title={t('tokens.make')} form={form} onClose={onClose} action={t('tokens.make')} disabled={name.trim() === '' || signals.length === 0}>
      <TextInput
        label={t('tokens.name')}
        description={t('tokens.nameHint')}
        value={name}
        error={form.problem('name')}
        onChange={(event) => setName(event.currentTarget.value)}
        data-autofocus
        required
      />
      <TextInput
        label={t('tokens.cluster')}
        value={cluster}
        error={form.problem('cluster')}
        onChange={(event) => setCluster(event.currentTarget.value)}
        required
      />
      <MultiSelect label={t('tokens.signals')} data={[...SIGNALS]} value={signals} error={form.problem('signals')} onChange={setSignals} />
    </FormDialog>
  )
}
