/** The one dialog with a form: fields, what was refused, Cancel and the act. */
import { Button, Modal } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type ApiError, asApiError } from './api.ts'
import styles from './form-dialog.module.css'
import { ErrorState } from './states.tsx'

export interface Submission {
  busy: boolean
  error: ApiError | undefined
  submit(): void
  /** What was refused about a field, by its path or the end of it. */
  problem(path: string): string | undefined
}

/** Runs `act` once at a time and keeps its refusal; `done` follows success, and is where a dialog closes. */
export function useSubmit<T>(act: () => Promise<T>, done: (result: T) => void): Submission {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<ApiError | undefined>()
  const run = async () => {
    setBusy(true)
    setError(undefined)
    try {
      done(await act())
    } catch (thrown) {
      setError(asApiError(thrown))
    } finally {
      setBusy(false)
    }
  }
  return {
    busy,
    error,
    submit: () => void run(),
    problem: (path) => error?.problems.find((problem) => isAbout(problem.path, path))?.message,
  }
}

/** `notifications.receivers[0].url` is about `receivers[0].url`, and `signals[1]` about `signals`. */
function isAbout(problem: string, path: string): boolean {
  const at = problem.indexOf(path)
  return at >= 0 && (at === 0 || problem[at - 1] === '.') && ['', '.', '['].includes(problem.charAt(at + path.length))
}

export interface FormDialogProps {
  title: string
  form: Submission
  onClose: () => void
  /** The word on the button; default Save. */
  action?: string
  /** What cannot be undone is red. */
  danger?: boolean
  disabled?: boolean
  size?: 'md' | 'lg' | 'xl'
  children: ReactNode
}

export function FormDialog({ title, form, onClose, action, danger = false, disabled, size, children }: FormDialogProps) {
  const { t } = useTranslation('kit')
  return (
    <Modal opened onClose={onClose} size={size} title={title} closeButtonProps={{ 'aria-label': t('dialog.close') }}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault()
          // A dialog over a form is a child of it in React.
          event.stopPropagation()
          form.submit()
        }}
      >
        {children}
        {form.error && <ErrorState error={form.error} compact />}
        <div className={styles.buttons}>
          <Button variant="default" onClick={onClose}>
            {t('dialog.cancel')}
          </Button>
          <Button type="submit" color={danger ? 'red' : undefined} loading={form.busy} disabled={disabled}>
            {action ?? t('dialog.save')}
          </Button>
        </div>
      </form>
    </Modal>
  )
}

/** Fields side by side. */
export const FieldPair = ({ children }: { children: ReactNode }) => <div className={styles.pair}>{children}</div>
