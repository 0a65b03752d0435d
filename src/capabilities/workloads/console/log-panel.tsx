/** Lines of containers as a list: followed, filtered by words and level, wrapped, copied. */
import { Button, Checkbox, Select, Switch, TextInput } from '@mantine/core'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useCluster } from '#kits/console-kit/cluster.ts'
import { Panel } from '#kits/console-kit/panel.tsx'
import { useFormat } from '#kits/console-kit/use-format.ts'
import { levelOf } from '../domain/log-line.ts'
import styles from './log-panel.module.css'
import { type LogLine, useLogLines } from './use-log-lines.ts'
import { useWords } from './words.ts'

const LEVELS = ['error', 'warning', 'info', 'debug'] as const

export function LogPanel({ namespace, pods, left, containers }: { namespace: string; pods: readonly string[]; left: number; containers: readonly string[] }) {
  const t = useWords()
  const { path } = useCluster()
  const [follow, setFollow] = useState(true)
  const [previous, setPrevious] = useState(false)
  const [container, setContainer] = useState<string | undefined>(containers[0])
  const [search, setSearch] = useState('')
  const [level, setLevel] = useState<string | null>(null)
  const [wrap, setWrap] = useState(true)
  const log = useLogLines(path('/logs'), { namespace, pod: pods, container, previous, follow: follow && !previous, tail: 1000 })
  const shown = useMemo(() => {
    const words = search.toLowerCase().split(/\s+/).filter(Boolean)
    if (words.length === 0 && level === null) return log.lines
    return log.lines.filter((line) => {
      const text = line.text.toLowerCase()
      return (
        words.every((word) => (word.startsWith('!') && word.length > 1 ? !text.includes(word.slice(1)) : text.includes(word))) &&
        (level === null || levelOf(line.text) === level)
      )
    })
  }, [log.lines, search, level])
  return (
    <Panel
      title={t('logs.title')}
      note={[
        t('logs.count', { shown: shown.length, count: log.lines.length }),
        log.dropped > 0 ? t('logs.dropped', { count: log.dropped }) : '',
        left > 0 ? t('logs.left', { count: left }) : '',
      ]
        .filter(Boolean)
        .join(' · ')}
    >
      <div className={styles.bar}>
        <TextInput
          size="xs"
          aria-label={t('logs.search')}
          placeholder={t('logs.search')}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
        <Select
          size="xs"
          className={styles.level}
          aria-label={t('logs.level')}
          placeholder={t('logs.level')}
          clearable
          clearButtonProps={{ 'aria-label': t('logs.anyLevel') }}
          data={LEVELS.map((value) => ({ value, label: t(`logs.levels.${value}`) }))}
          value={level}
          onChange={setLevel}
        />
        {containers.length > 1 && (
          <Select
            size="xs"
            aria-label={t('logs.container')}
            data={[...containers]}
            value={container ?? null}
            allowDeselect={false}
            onChange={(next) => setContainer(next ?? undefined)}
          />
        )}
        <Switch
          size="xs"
          label={t('logs.follow')}
          checked={follow && !previous}
          disabled={previous}
          onChange={(event) => setFollow(event.currentTarget.checked)}
        />
        <Checkbox size="xs" label={t('logs.previous')} checked={previous} onChange={(event) => setPrevious(event.currentTarget.checked)} />
        <Checkbox size="xs" label={t('logs.wrap')} checked={wrap} onChange={(event) => setWrap(event.currentTarget.checked)} />
        <Button
          size="compact-sm"
          variant="default"
          disabled={shown.length === 0}
          onClick={() => void navigator.clipboard.writeText(shown.map(({ text }) => text).join('\n'))}
        >
          {t('logs.copy')}
        </Button>
      </div>
      {log.problems.map(({ pod, code, message }) => (
        <p key={pod} className={styles.problem} role="alert">
          {pod}: {message} <code>{code}</code>
        </p>
      ))}
      <Lines lines={shown} wrap={wrap} withPod={pods.length > 1} following={follow && !previous} state={log.state} />
    </Panel>
  )
}

const LINE_PX = 21

function Lines({ lines, wrap, withPod, following, state }: { lines: readonly LogLine[]; wrap: boolean; withPod: boolean; following: boolean; state: string }) {
  const t = useWords()
  const format = useFormat()
  const scroller = useRef<HTMLDivElement>(null)
  const atEnd = useRef(true)
  const virtual = useVirtualizer({ count: lines.length, getScrollElement: () => scroller.current, estimateSize: () => LINE_PX, overscan: 20 })
  // biome-ignore lint/correctness/useExhaustiveDependencies: new lines are the trigger.
  useEffect(() => {
    // Who scrolled up is reading.
    if (following && atEnd.current && lines.length > 0) virtual.scrollToIndex(lines.length - 1, { align: 'end' })
  }, [lines, following])
  return (
    <div
      ref={scroller}
      className={styles.scroller}
      data-wrap={wrap || undefined}
      role="log"
      aria-label={t('logs.title')}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard.
      tabIndex={0}
      onScroll={({ currentTarget: element }) => {
        atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < 2 * LINE_PX
      }}
    >
      {lines.length === 0 && <p className={styles.empty}>{t(state === 'waiting' ? 'logs.waiting' : 'logs.none')}</p>}
      <div className={styles.lines} style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const line = lines[item.index] as LogLine
          return (
            <div
              key={line.id}
              ref={virtual.measureElement}
              data-index={item.index}
              className={styles.line}
              data-level={levelOf(line.text)}
              style={{ transform: `translateY(${item.start}px)` }}
            >
              <span className={styles.at}>{line.at === null ? '' : format.time(line.at, { millis: true }).slice(5)}</span>
              {withPod && <span className={styles.pod}>{line.pod}</span>}
              <span className={styles.text}>{line.text}</span>
            </div>
          )
        })}
      </div>
    </div>
  )
}
