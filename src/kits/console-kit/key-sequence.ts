/** Keys of one or two strokes (`?`, `t a`), silent while someone types. */
import { useEffect, useRef } from 'react'

const WAIT_MS = 1200

/** Is the stroke meant for a field, or combined with a modifier that the browser or the system owns? */
export function isTyping(event: KeyboardEvent): boolean {
  if (event.metaKey || event.ctrlKey || event.altKey || event.isComposing) return true
  const target = event.target
  return target instanceof HTMLElement && (target.isContentEditable || target.closest('input, textarea, select, [role="dialog"]') !== null)
}

/** `keys` maps `t a` or `r` to what it does. */
export function useKeySequences(keys: Readonly<Record<string, () => void>>): void {
  const latest = useRef(keys)
  latest.current = keys
  useEffect(() => {
    let first: { key: string; at: number } | undefined
    const press = (event: KeyboardEvent) => {
      if (isTyping(event) || event.key === 'Shift') return
      const both = first && event.timeStamp - first.at < WAIT_MS ? `${first.key} ${event.key}` : undefined
      const act = (both && latest.current[both]) ?? latest.current[event.key]
      first = act ? undefined : { key: event.key, at: event.timeStamp }
      if (!act) return
      event.preventDefault()
      act()
    }
    window.addEventListener('keydown', press)
    return () => window.removeEventListener('keydown', press)
  }, [])
}
