/** A chart's numbers as a table, for reading aloud and copying. */
import { useTranslation } from 'react-i18next'
import styles from './chart.module.css'
import type { ChartSeries } from './chart-data.ts'
import type { Unit } from './format.ts'
import { useFormat } from './use-format.ts'

export function ChartTable({ title, ts, series, unit }: { title: string; ts: readonly number[]; series: readonly ChartSeries[]; unit: Unit }) {
  const { t } = useTranslation('kit')
  const format = useFormat()
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
    <section className={styles.table} tabIndex={0} aria-label={title}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t('chart.time')}</th>
            {series.map((s) => (
              <th key={s.name + (s.compared ? '~' : '')} scope="col">
                {s.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {ts.map((ms, i) => (
            <tr key={ms}>
              <th scope="row">{format.time(ms)}</th>
              {series.map((s) => (
                <td key={s.name + (s.compared ? '~' : '')}>{format.value(s.values[i], unit)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
