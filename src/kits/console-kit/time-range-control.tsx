/** The time range in the top bar: type, paste, choose, go back, freeze, share. */
import { ActionIcon, Button, Popover, TextInput } from '@mantine/core'
import { IconChevronLeft, IconChevronRight, IconClock, IconRefresh } from '@tabler/icons-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { endText, parseRange, shift } from './time-range.ts'
import styles from './time-range-control.module.css'
import { useTimeRange } from './use-time-range.tsx'

const PRESETS = ['now-5m', 'now-15m', 'now-1h', 'now-6h', 'now-24h', 'now-7d', 'now-30d'] as const

export function TimeRangeControl() {
  const { t } = useTranslation('kit')
  const state = useTimeRange()
  const [open, setOpen] = useState(false)
  const [text, setText] = useState('')
  const { range } = state
  const parsed = parseRange(text, Date.now(), range.zone)
  const label =
    range.to === 'now' && (PRESETS as readonly string[]).includes(range.from)
      ? t(`time.presets.${range.from}`)
      : `${endText(range.from, range.zone)} → ${endText(range.to, range.zone)}`
  return (
    <div className={styles.control}>
      <ActionIcon variant="default" size="md" aria-label={t('time.earlier')} onClick={() => state.set(shift(range, Date.now(), -1))}>
        <IconChevronLeft size={16} />
      </ActionIcon>
      <Popover opened={open} onChange={setOpen} position="bottom-end" trapFocus returnFocus>
        <Popover.Target>
          <Button variant="default" size="xs" leftSection={<IconClock size={14} />} onClick={() => setOpen(!open)}>
            {label}
          </Button>
        </Popover.Target>
        <Popover.Dropdown>
          <form
            onSubmit={(event) => {
              event.preventDefault()
              if (!('range' in parsed)) return
              state.set(parsed.range)
              setOpen(false)
            }}
          >
            <TextInput
              label={t('time.input')}
              value={text}
              onChange={(event) => setText(event.currentTarget.value)}
              error={text !== '' && 'problem' in parsed ? t(`time.problems.${parsed.problem}`) : undefined}
              data-autofocus
            />
          </form>
          <div className={styles.presets}>
            {PRESETS.map((preset) => (
              <Button
                key={preset}
                size="compact-sm"
                variant="subtle"
                onClick={() => {
                  state.set({ from: preset, to: 'now', zone: range.zone })
                  setOpen(false)
                }}
              >
                {t(`time.presets.${preset}`)}
              </Button>
            ))}
          </div>
        </Popover.Dropdown>
      </Popover>
      <ActionIcon variant="default" size="md" aria-label={t('time.later')} onClick={() => state.set(shift(range, Date.now(), 1))}>
        <IconChevronRight size={16} />
      </ActionIcon>
      <ActionIcon variant="default" size="md" aria-label={t('time.refresh')} onClick={state.refresh}>
        <IconRefresh size={16} />
      </ActionIcon>
    </div>
  )
}
