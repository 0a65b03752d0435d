/** The time range in the top bar: type, paste, choose, go back, freeze, share. */
import { ActionIcon, Button, Popover, Select, TextInput } from '@mantine/core'
import { IconArrowBackUp, IconArrowForwardUp, IconChevronLeft, IconChevronRight, IconClock, IconRefresh, IconZoomOut } from '@tabler/icons-react'
import { useRouter } from '@tanstack/react-router'
import type { TFunction } from 'i18next'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useKeySequences } from './key-sequence.ts'
import { endText, freeze, isRelativeRange, parseRange, rangeText, shift, type TimeRange } from './time-range.ts'
import styles from './time-range-control.module.css'
import { useFormat } from './use-format.ts'
import { useTimeRange } from './use-time-range.tsx'

const PRESETS = ['now-5m', 'now-15m', 'now-30m', 'now-1h', 'now-3h', 'now-6h', 'now-12h', 'now-24h', 'now-2d', 'now-7d', 'now-30d'] as const
const DAYS = ['today', 'yesterday'] as const
const REFRESH = [0, 5, 15, 30, 60] as const
const ZONES = ['local', 'utc'] as const

export function TimeRangeControl() {
  const { t } = useTranslation('kit')
  const state = useTimeRange()
  const router = useRouter()
  const format = useFormat()
  const [open, setOpen] = useState(false)
  const [said, setSaid] = useState('')
  const { range } = state
  const now = () => Date.now()
  const step = (direction: -1 | 0 | 1) => state.set(shift(range, now(), direction))

  const copy = async (text: string, done: string) => {
    try {
      await navigator.clipboard.writeText(text)
      setSaid(t(done))
    } catch {
      setSaid(t('time.noClipboard'))
    }
  }
  /** A link shows the same tomorrow: its times are absolute unless asked otherwise. */
  const share = (as: TimeRange) => {
    const url = new URL(window.location.href)
    url.searchParams.set('from', as.from)
    url.searchParams.set('to', as.to)
    if (as.zone !== 'local') url.searchParams.set('zone', as.zone)
    return copy(url.href.replaceAll('%3A', ':'), 'time.copiedLink')
  }
  useKeySequences({
    't e': () => setOpen(true),
    't a': () => state.set(freeze(range, now())),
    't s': () => void share(freeze(range, now())),
    't c': () => void copy(rangeText(range), 'time.copiedRange'),
    't r': state.refresh,
    't z': () => step(0),
    't ArrowLeft': () => step(-1),
    't ArrowRight': () => step(1),
  })

  return (
    <div className={styles.control}>
      <ActionIcon variant="default" size="md" aria-label={t('time.earlier')} title={t('time.earlier')} onClick={() => step(-1)}>
        <IconChevronLeft size={16} aria-hidden />
      </ActionIcon>
      <Popover opened={open} onChange={setOpen} position="bottom-end" trapFocus returnFocus width={360}>
        <Popover.Target>
          <Button
            className={styles.button}
            variant="default"
            size="xs"
            leftSection={<IconClock size={14} aria-hidden />}
            title={`${format.time(state.from)} → ${format.time(state.to)}`}
            onClick={() => setOpen(!open)}
          >
            {rangeLabel(range, t)}
            {range.zone === 'utc' && <span className={styles.zone}>UTC</span>}
          </Button>
        </Popover.Target>
        <Popover.Dropdown>
          {open && (
            <Editor
              onRange={(next) => {
                state.set(next)
                setOpen(false)
              }}
            />
          )}
          <div className={styles.tools}>
            <Button size="compact-xs" variant="default" disabled={!isRelativeRange(range)} onClick={() => state.set(freeze(range, now()))}>
              {t('time.freeze')}
            </Button>
            <Button size="compact-xs" variant="default" onClick={() => void share(freeze(range, now()))}>
              {t('time.share')}
            </Button>
            <Button size="compact-xs" variant="default" onClick={() => void copy(rangeText(range), 'time.copiedRange')}>
              {t('time.copy')}
            </Button>
            <ActionIcon size="sm" variant="default" aria-label={t('time.back')} title={t('time.back')} onClick={() => router.history.back()}>
              <IconArrowBackUp size={14} aria-hidden />
            </ActionIcon>
            <ActionIcon size="sm" variant="default" aria-label={t('time.forward')} title={t('time.forward')} onClick={() => router.history.forward()}>
              <IconArrowForwardUp size={14} aria-hidden />
            </ActionIcon>
            <ActionIcon size="sm" variant="default" aria-label={t('time.zoomOut')} title={t('time.zoomOut')} onClick={() => step(0)}>
              <IconZoomOut size={14} aria-hidden />
            </ActionIcon>
          </div>
          <div className={styles.pair}>
            <Select
              size="xs"
              label={t('time.zone')}
              comboboxProps={{ withinPortal: false }}
              data={[...ZONES, ...(ZONES.includes(range.zone as 'utc') ? [] : [range.zone])].map((value) => ({ value, label: zoneLabel(value, t) }))}
              value={range.zone}
              onChange={(zone) => zone && state.set({ ...range, zone })}
            />
            <Select
              size="xs"
              label={t('time.every')}
              comboboxProps={{ withinPortal: false }}
              data={[...new Set([...REFRESH, state.refreshSeconds])]
                .sort((a, b) => a - b)
                .map((value) => ({ value: String(value), label: value === 0 ? t('time.never') : `${value} s` }))}
              value={String(state.refreshSeconds)}
              onChange={(value) => state.setRefresh(Number(value))}
            />
          </div>
        </Popover.Dropdown>
      </Popover>
      <ActionIcon variant="default" size="md" aria-label={t('time.later')} title={t('time.later')} onClick={() => step(1)}>
        <IconChevronRight size={16} aria-hidden />
      </ActionIcon>
      <ActionIcon variant="default" size="md" aria-label={t('time.refresh')} title={t('time.refresh')} onClick={state.refresh}>
        <IconRefresh size={16} aria-hidden />
      </ActionIcon>
      <span className={styles.said} role="status">
        {said}
      </span>
    </div>
  )
}

function Editor({ onRange }: { onRange: (range: TimeRange) => void }) {
  const { t } = useTranslation('kit')
  const format = useFormat()
  const { range, from, to } = useTimeRange()
  const [text, setText] = useState(isRelativeRange(range) ? rangeText(range) : `${endText(range.from, range.zone)} to ${endText(range.to, range.zone)}`)
  const [tried, setTried] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  const parsed = parseRange(text, Date.now(), range.zone)
  const problem = 'problem' in parsed ? t(`time.problems.${parsed.problem}`, { part: parsed.part }) : undefined
  const send = (typed: string) => {
    const read = parseRange(typed, Date.now(), range.zone)
    if ('range' in read) onRange(read.range)
    else setTried(true)
  }
  return (
    <>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          send(text)
        }}
      >
        <TextInput
          ref={input}
          size="xs"
          label={t('time.input')}
          description={t('time.hint')}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          // What is pasted is a whole range: it takes effect at once when it can be read.
          onPaste={(event) => {
            const pasted = event.clipboardData.getData('text')
            if (!('range' in parseRange(pasted, Date.now(), range.zone))) return
            event.preventDefault()
            send(pasted)
          }}
          onFocus={(event) => event.currentTarget.select()}
          error={tried ? problem : undefined}
          data-autofocus
        />
      </form>
      <p className={styles.moments}>
        {format.time(from)} → {format.time(to)} · {zoneLabel(range.zone, t)}
      </p>
      <div className={styles.presets}>
        {PRESETS.map((preset) => (
          <Button
            key={preset}
            size="compact-sm"
            variant={range.from === preset && range.to === 'now' ? 'light' : 'subtle'}
            onClick={() => onRange({ from: preset, to: 'now', zone: range.zone })}
          >
            {t(`time.presets.${preset}`)}
          </Button>
        ))}
        {DAYS.map((day) => (
          <Button
            key={day}
            size="compact-sm"
            variant="subtle"
            onClick={() => onRange(day === 'today' ? { from: 'now/d', to: 'now', zone: range.zone } : { from: 'now-1d/d', to: 'now-1d/d', zone: range.zone })}
          >
            {t(`time.days.${day}`)}
          </Button>
        ))}
      </div>
    </>
  )
}

function rangeLabel(range: TimeRange, t: TFunction<'kit'>): string {
  if (range.to === 'now' && (PRESETS as readonly string[]).includes(range.from)) return t(`time.presets.${range.from}`)
  if (range.from === 'now/d' && range.to === 'now') return t('time.days.today')
  if (range.from === 'now-1d/d' && range.to === 'now-1d/d') return t('time.days.yesterday')
  const [from, to] = [endText(range.from, range.zone), endText(range.to, range.zone)]
  // The same day is said once.
  return `${from} → ${to.startsWith(`${from.slice(0, 10)} `) ? to.slice(11) : to}`
}

const zoneLabel = (zone: string, t: TFunction<'kit'>): string =>
  zone === 'local' ? t('time.local', { text: Intl.DateTimeFormat().resolvedOptions().timeZone }) : zone === 'utc' ? 'UTC' : zone
