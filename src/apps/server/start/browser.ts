import { spawn } from 'node:child_process'

/** Opens `url` in the user's browser when there is a screen to show it on; failing to is no fault, the link is printed anyway. */
export function openBrowser(url: string, env: Readonly<Record<string, string | undefined>>): void {
  const command = process.platform === 'darwin' ? 'open' : env.DISPLAY || env.WAYLAND_DISPLAY ? 'xdg-open' : undefined
  if (command === undefined) return
  const opener = spawn(command, [url], { stdio: 'ignore', detached: true })
  opener.on('error', () => {})
  opener.unref()
}
