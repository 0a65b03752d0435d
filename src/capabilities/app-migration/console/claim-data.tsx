/** What became of the data of claims. */
import { formatBytes } from '#core/kernel/quantity.ts'
import { Panel } from '#kits/console-kit/panel.tsx'
import { PlainTable } from '#kits/console-kit/plain-table.tsx'
import { StatusMark } from '#kits/console-kit/status-mark.tsx'
import type { MigrationStatus } from '../resources/migration.ts'
import { useWords } from './words.ts'

export function ClaimDataTable({ data }: { data: NonNullable<MigrationStatus['volumes']> }) {
  const t = useWords()
  if (data.length === 0) return null
  const size = (bytes: number | undefined) => (bytes === undefined ? '' : formatBytes(bytes))
  return (
    <Panel title={t('data.title')} note={t('data.note')} flush>
      <PlainTable head={[t('data.claim'), t('data.outcome'), t('data.bytes'), t('data.sent'), t('data.proof')]}>
        {data.map(({ claim, outcome, bytes, sentBytes, checksum, snapshot }) => (
          <tr key={claim}>
            <td>{claim}</td>
            <td>
              <StatusMark status={outcome === 'moved' ? 'ok' : 'advice'} text={t(`data.${outcome}`, { defaultValue: outcome })} />
            </td>
            <td>{size(bytes)}</td>
            <td>{size(sentBytes)}</td>
            <td>
              <code>{checksum?.slice(0, 16) ?? snapshot}</code>
            </td>
          </tr>
        ))}
      </PlainTable>
    </Panel>
  )
}
