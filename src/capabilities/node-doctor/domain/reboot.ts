/** On a console: a kernel that starts although nobody sent the last one away. Journals and syslog end before the machine does, and cannot tell. */

/** What a kernel says first, and the firmware of machines before it. */
const KERNEL = /^Linux version \d+\.\d+/
const FIRMWARE = /^(?:SeaBIOS \(version|UEFI firmware \(version|BdsDxe: |iPXE |U-Boot |coreboot-|OpenSBI v|NOTICE: {2}BL[12]: )/
/** The last words of a kernel that goes on purpose, or that dies of what is reported anyway. */
const FAREWELL =
  /\breboot: (?:Restarting|Power|System halted|machine restart)|\bsystemd-shutdown\[|\bStarting new kernel\b|\bKernel panic - not syncing|\bRebooting in \d+ seconds|\b(?:sysrq|SysRq) ?: (?:Resetting|Power Off|Trigger a crash)/
/** What a terminal says before the machine does. */
const GREETING = /^(?:$|Connected to |Escape character is |Trying |Welcome to |Press )/
const STAMP = /\[ *(\d+)\.\d+\]/

/** Each line that matters holds one of them. */
export const REBOOT_WORDS: readonly string[] = [
  ...['Linux version ', 'SeaBIOS', 'UEFI firmware', 'BdsDxe', 'iPXE', 'U-Boot', 'coreboot', 'OpenSBI', 'NOTICE:  BL'],
  ...['reboot: ', 'systemd-shutdown', 'Starting new kernel', 'ysrq', 'SysRq', 'Rebooting in', 'Kernel panic'],
]

export interface RebootWatch {
  /** True: with this line a kernel starts that was not asked to. `message` is the line without what a carrier put around it. */
  line(raw: string, message: string): boolean
  /** A line without any of the words. */
  other(raw: string): void
}

export function createRebootWatch(): RebootWatch {
  let last = ''
  let farewell = false
  /** Said by the firmware, which speaks before the kernel: did anything stand before it? */
  let sudden: boolean | undefined
  return {
    line(raw, message) {
      let found = false
      if (FIRMWARE.test(message)) sudden ??= !GREETING.test(last) && !farewell
      else if (KERNEL.test(message)) {
        found = sudden ?? (Number(STAMP.exec(last)?.[1] ?? 0) >= 1 && !farewell)
        sudden = undefined
        farewell = false
      } else if (FAREWELL.test(message)) farewell = true
      last = raw
      return found
    },
    other(raw) {
      if (raw !== '') last = raw
    },
  }
}
