/** The live tail: stays at its end until somebody scrolls up to read. */
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { Panel } from '#kits/console-kit/panel.tsx'
import { useFormat } from '#kits/console-kit/use-format.ts'
import type { LogRecord } from '../domain/api.ts'
import { levelOf } from '../domain/severity.ts'
import { LevelMark } from './level-mark.tsx'
import styles from './logs-page.module.css'
import { type Logs, useTail } from './use-logs.ts'

const LINE_PX = 21

export function TailPanel({ logs, onOpen }: { logs: Logs; onOpen: (record: LogRecord) => void }) {
  const { t } = useTranslation('logs')
  const format = useFormat()
  const { records, dropped, state } = useTail(logs.path('/live'), logs.chosen)
  const scroller = useRef<HTMLDivElement>(null)
  const atEnd = useRef(true)
  const virtual = useVirtualizer({ count: records.length, getScrollElement: () => scroller.current, estimateSize: () => LINE_PX, overscan: 20 })
  // biome-ignore lint/correctness/useExhaustiveDependencies: new records are the trigger.
  useEffect(() => {
    if (atEnd.current && records.length > 0) virtual.scrollToIndex(records.length - 1, { align: 'end' })
  }, [records])
  const note = [t(`tail.${state}`), t('tail.count', { count: records.length }), dropped > 0 ? t('tail.dropped', { count: dropped }) : '']
  return (
    <Panel title={t('live')} note={note.filter(Boolean).join(' · ')}>
      <div
        ref={scroller}
        className={styles.scroller}
        role="log"
        aria-label={t('live')}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard.
        tabIndex={0}
        onScroll={({ currentTarget: element }) => {
          atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < 2 * LINE_PX
        }}
      >
        {records.length === 0 && <p className={styles.empty}>{t('tail.none')}</p>}
        <div className={styles.lines} style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const record = records[item.index] as LogRecord
            return (
              <button
                type="button"
                key={item.key}
                ref={virtual.measureElement}
                data-index={item.index}
                className={styles.line}
                style={{ transform: `translateY(${item.start}px)` }}
                onClick={() => onOpen(record)}
              >
                <span className={styles.at}>{format.time(record.at, { millis: true }).slice(5)}</span>
                <LevelMark severity={record.severity} />
                <span className={styles.at}>{record.pod || record.service}</span>
                <span className={styles.text} data-level={levelOf(record.severity)}>
                  {record.body}
                </span>
              </button>
            )
          })}
        </div>
      </div>
    </Panel>
  )
}
